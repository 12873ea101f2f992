"""Daily return forecast: most of the variance is noise, R2 stays low for any model."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(115)
torch.manual_seed(115)
T, N_SIGNALS = 9000, 6


def market():
    signals = np.zeros((T, N_SIGNALS))
    for t in range(1, T):
        signals[t] = 0.5 * signals[t - 1] + rng.normal(0, 1, N_SIGNALS)
    edge = 0.30 * signals[:, 0] - 0.2 * signals[:, 1] + 0.25 * np.tanh(2 * signals[:, 2])
    returns = 0.01 * (edge + rng.standard_t(6, T) * 0.85)
    return signals[:-1], returns[:-1]


class ReturnNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(N_SIGNALS, 8)
        self.skip = nn.Linear(N_SIGNALS, 1)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x))) + self.skip(x)


features, returns = market()
cut = 7000
f_mu, f_sd = features[:cut].mean(0), features[:cut].std(0)
r_mu, r_sd = returns[:cut].mean(), returns[:cut].std()
X = torch.tensor((features - f_mu) / f_sd, dtype=torch.float32)
R = torch.tensor((returns - r_mu) / r_sd, dtype=torch.float32).unsqueeze(1)
train = DataLoader(TensorDataset(X[:cut], R[:cut]), batch_size=100, shuffle=True)
model = ReturnNet()
criterion = nn.SmoothL1Loss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)

for epoch in range(12):
    model.train()
    seen = 0.0
    for x, r in train:
        optimizer.zero_grad()
        loss = criterion(model(x), r)
        loss.backward()
        optimizer.step()
        seen += loss.item() * len(x) / cut
    scheduler.step()
    model.eval()
    with torch.no_grad():
        def r2(a, b):
            return (1 - ((a - b) ** 2).mean() / ((b - b.mean()) ** 2).mean()).item()
        train_r2, val_r2 = r2(model(X[:cut]), R[:cut]), r2(model(X[cut:]), R[cut:])
    print(f"epoch {epoch:2d} loss {seen:.4f} train R2 {train_r2:.4f} valid R2 {val_r2:.4f}")
