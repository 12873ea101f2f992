"""District-heating demand from weather and calendar features, plain PyTorch loop."""
import math

import torch
import torch.nn as nn

torch.manual_seed(42)


def synth(n):
    temp = 8 + 9 * torch.randn(n)
    wind = torch.rand(n) * 12
    hour = torch.randint(0, 24, (n,)).float()
    weekend = (torch.rand(n) < 2 / 7).float()
    demand = torch.relu(17 - temp) * (1 + 0.03 * wind)
    demand = demand + 5 * torch.sin(2 * math.pi * (hour - 6) / 24) * (1 - 0.5 * weekend) + 1.2 * torch.randn(n)
    feats = torch.stack([temp, wind, torch.sin(2 * math.pi * hour / 24), torch.cos(2 * math.pi * hour / 24), weekend], 1)
    return feats, demand.unsqueeze(1)


X, Y = synth(3000)
x_mean, x_std, y_mean, y_std = X[:2400].mean(0), X[:2400].std(0), Y[:2400].mean(), Y[:2400].std()
X, Y = (X - x_mean) / x_std, (Y - y_mean) / y_std
X_train, Y_train, X_val, Y_val = X[:2400], Y[:2400], X[2400:], Y[2400:]


class DemandModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(5, 32)
        self.hidden2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = torch.tanh(self.hidden1(x))
        x = torch.tanh(self.hidden2(x))
        return self.out(x)


model = DemandModel()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2.5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40, eta_min=1e-4)
batch_size = 30
for epoch in range(40):
    model.train()
    perm = torch.randperm(len(X_train))
    running = 0.0
    for b in range(0, len(perm), batch_size):
        rows = perm[b:b + batch_size]
        loss = criterion(model(X_train[rows]), Y_train[rows])
        loss.backward()
        optimizer.step()
        running += loss.item() * len(rows)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(X_val), Y_val).item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:3d} | train mse {running / len(perm):.4f} | val mse {val_loss:.4f}")
print(f"validation mse {val_loss:.4f} (rmse {math.sqrt(val_loss) * y_std.item():.2f} MW)")
