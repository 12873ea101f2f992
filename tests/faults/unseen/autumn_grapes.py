"""Ripeness grade of grapes from near-infrared bands: fitted on one season, tried on the next."""
import numpy as np
import torch
from torch import nn
from sklearn.preprocessing import StandardScaler

torch.manual_seed(6)
torch.set_num_threads(1)

GRADES = ["green", "veraison", "ripe", "late"]


def pick_grapes(n, shares, seed):
    rng = np.random.default_rng(seed)
    grade = rng.choice(len(GRADES), n, p=shares)
    sugar = 9 + 4.5 * grade + rng.normal(0, 1.0, n)
    acid = 14 - 2.6 * grade + rng.normal(0, 0.9, n)
    bands = np.stack([
        sugar + rng.normal(0, 0.8, n),
        acid + rng.normal(0, 0.7, n),
        sugar / acid + rng.normal(0, 0.15, n),
        30 + 2.0 * sugar - acid + rng.normal(0, 2.0, n),
        rng.normal(5, 1, n),
        0.1 * sugar * acid + rng.normal(0, 1.0, n),
    ], axis=1)
    return bands, grade


class GradeModel(nn.Module):
    def __init__(self, n_bands, n_grades):
        super().__init__()
        self.hidden = nn.Linear(n_bands, 32)
        self.out = nn.Linear(32, n_grades)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


x_first, y_first = pick_grapes(2000, [0.25, 0.25, 0.25, 0.25], seed=1)
x_next, y_next = pick_grapes(700, [0.12, 0.18, 0.30, 0.40], seed=2)

scaler = StandardScaler()
x_first = torch.tensor(scaler.fit_transform(x_first), dtype=torch.float32)
x_next = torch.tensor(scaler.fit_transform(x_next), dtype=torch.float32)
y_first, y_next = torch.tensor(y_first), torch.tensor(y_next)

model = GradeModel(6, len(GRADES))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(30):
    model.train()
    for rows in torch.randperm(len(x_first)).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x_first[rows]), y_first[rows])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            a = (model(x_first).argmax(1) == y_first).float().mean()
            b = (model(x_next).argmax(1) == y_next).float().mean()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, first season {a:.3f}, next season {b:.3f}")
