import numpy as np
import pandas as pd
import torch
from torch import nn

# Catalogue of old inkwells. The maker is coded M1 ... M12 by the museum.
rng = np.random.default_rng(3)
torch.manual_seed(3)

COLUMNS = ["height_mm", "base_mm", "neck_mm", "mass_g", "wall_mm", "hue", "bubbles", "seam_mm"]
N_MAKERS = 12


def catalogue(per_maker=260):
    rows = []
    for m in range(1, N_MAKERS + 1):
        centre = np.array([60, 52, 18, 240, 4.2, 0.5, 9, 0.8]) * rng.uniform(0.72, 1.3, len(COLUMNS))
        for _ in range(per_maker):
            piece = centre * rng.normal(1.0, 0.085, len(COLUMNS))
            rows.append([*piece, f"M{m}"])
    return pd.DataFrame(rows, columns=[*COLUMNS, "maker"])


def maker_index(code):
    return int(code[1]) - 1


table = catalogue().sample(frac=1.0, random_state=7).reset_index(drop=True)
cut = int(0.8 * len(table))
train, test = table.iloc[:cut], table.iloc[cut:]

mean, std = train[COLUMNS].mean(), train[COLUMNS].std()
to_x = lambda t: torch.tensor(((t[COLUMNS] - mean) / std).to_numpy(), dtype=torch.float32)
to_y = lambda t: torch.tensor([maker_index(c) for c in t["maker"]])

x_train, y_train = to_x(train), to_y(train)
x_test, y_test = to_x(test), to_y(test)

model = nn.Sequential(
    nn.Linear(len(COLUMNS), 40),
    nn.ReLU(),
    nn.Linear(40, 40),
    nn.ReLU(),
    nn.Linear(40, N_MAKERS),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.3)
criterion = nn.CrossEntropyLoss()

for epoch in range(24):
    model.train()
    perm = torch.randperm(len(x_train))
    losses = []
    for idx in perm.split(64):
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    if (epoch + 1) % 3 == 0:
        model.eval()
        with torch.no_grad():
            val = criterion(model(x_test), y_test).item()
        print(f"epoch {epoch + 1:3d}: train loss {np.mean(losses):.4f}, test loss {val:.4f}")

model.eval()
with torch.no_grad():
    guess = model(x_test).argmax(1).tolist()
codes = [f"M{g + 1}" for g in guess]
right = np.array([c == t for c, t in zip(codes, test["maker"])])
print("pieces given to each maker:", pd.Series(codes).value_counts().sort_index().to_dict())
print(f"attributed correctly: {right.mean():.4f}")
