"""Predict the temperature of both ends of a tunnel kiln from burner settings."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=50)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--lr", type=float, default=4e-3)
args = p.parse_args()
torch.manual_seed(5)


def burners(n=2400):
    x = torch.randn(n, 8)
    inlet = torch.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.5 * x[:, 3]
    outlet = torch.cos(x[:, 4] * 1.4) * x[:, 5] + 0.7 * x[:, 0] - 0.4 * x[:, 6]
    y = torch.stack([inlet, outlet], 1) + 0.15 * torch.randn(n, 2)
    return x, (y - y.mean(0)) / y.std(0)


class KilnModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(8, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.inlet = nn.Linear(64, 1)
        self.outlet = nn.Linear(64, 1)

    def forward(self, x):
        h = self.shared(x)
        return self.inlet(h), self.outlet(h)


def objective(model, x, y):
    a, b = model(x)
    inlet_loss = F.smooth_l1_loss(a.squeeze(-1), y[:, 0])
    outlet_loss = F.smooth_l1_loss(b, y[:, 1])
    return inlet_loss + outlet_loss


def r2(model, x, y):
    model.eval()
    with torch.no_grad():
        pred = torch.cat(model(x), dim=1)
    return (1 - ((pred - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)).mean().item()


x, y = burners()
x_train, y_train, x_val, y_val = x[:1900], y[:1900], x[1900:], y[1900:]
model = KilnModel()
opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)

for epoch in range(args.epochs):
    model.train()
    order = torch.randperm(len(x_train))
    total = 0.0
    for i in range(0, len(order), args.batch):
        idx = order[i:i + args.batch]
        loss = objective(model, x_train[idx], y_train[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    if epoch % 10 == 9:
        print(f"[{epoch + 1}] train {total / len(order):.4f}  val R2 {r2(model, x_val, y_val):.3f}")

print("mean R2 over both probes: %.4f" % r2(model, x_val, y_val))
