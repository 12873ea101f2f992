import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import TensorDataset, DataLoader, random_split

torch.manual_seed(29)


def oven_runs(n=2200, length=30):
    """temperature curve of an oven run (30 readings) -> moisture of the loaf"""
    t = torch.linspace(0, 1, length)
    peak = torch.rand(n, 1) * 2 - 1
    rise = torch.rand(n, 1) * 2 - 1
    dip = torch.rand(n, 1)
    curve = peak * torch.exp(-(t - 0.6 - 0.2 * rise) ** 2 / 0.03) + rise * t - dip * (t > 0.8)
    curve = curve + 0.1 * torch.randn(n, length)
    moisture = -peak * rise + 0.6 * torch.cos(3 * peak) + 0.5 * dip + 0.05 * torch.randn(n, 1)
    curve = (curve - curve.mean()) / curve.std()
    return curve, (moisture - moisture.mean()) / moisture.std()


class LoafNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 12, 5, padding=2)
        self.fc1 = nn.Linear(12 * 15, 48)
        self.fc2 = nn.Linear(48, 1)

    def forward(self, x):
        x = F.max_pool1d(torch.tanh(self.conv(x.unsqueeze(1))), 2)
        x = torch.tanh(self.fc1(x.flatten(1)))
        return self.fc2(x)


def train_epoch(model, loader, opt):
    model.train()
    opt.zero_grad()
    total = 0.0
    for curve, target in loader:
        loss = F.mse_loss(model(curve), target)
        loss.backward()
        opt.step()
        total += loss.item() * len(curve)
    return total / len(loader.dataset)


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    return sum(F.mse_loss(model(c), t, reduction="sum").item() for c, t in loader) / len(loader.dataset)


train_set, val_set = random_split(TensorDataset(*oven_runs()), [1700, 500])
train_loader = DataLoader(train_set, batch_size=34, shuffle=True)
val_loader = DataLoader(val_set, batch_size=250)

model = LoafNet()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=30)
for epoch in range(30):
    tr = train_epoch(model, train_loader, opt)
    va = evaluate(model, val_loader)
    sched.step()
    print(f"epoch {epoch:2d}: train mse {tr:.4f}, val mse {va:.4f}")
print("validation MSE", round(va, 5))
