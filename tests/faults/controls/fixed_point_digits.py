import argparse
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=30)
ap.add_argument("--lr", type=float, default=1e-3)
ap.add_argument("--width", type=int, default=64)
ap.add_argument("--max-iter", type=int, default=20)
opts = ap.parse_args()
torch.manual_seed(14)


class Cell(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, z, u):
        return torch.tanh(self.norm(0.5 * self.lin(z) + u))


class EquilibriumNet(nn.Module):
    """z* = cell(z*, u); the fixed point is found without a graph, gradients come from one last application."""

    def __init__(self, width, max_iter, tol=1e-3):
        super().__init__()
        self.inject = nn.Linear(64, width)
        self.cell = Cell(width)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, 10))
        self.max_iter, self.tol, self.used = max_iter, tol, 0

    def forward(self, x):
        u = self.inject(x)
        with torch.no_grad():
            z = torch.zeros_like(u)
            for self.used in range(1, self.max_iter + 1):
                new = self.cell(z, u)
                gap = (new - z).norm() / new.norm()
                z = new
                if gap < self.tol:
                    break
        return self.head(self.cell(z.detach(), u))


X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X / 16.0, y, test_size=0.25, stratify=y, random_state=14)
m, s = Xa.mean(), Xa.std()
make = lambda a, b: TensorDataset(torch.tensor((a - m) / s, dtype=torch.float32), torch.tensor(b))
train_dl = DataLoader(make(Xa, ya), batch_size=64, shuffle=True, drop_last=True)
test_dl = DataLoader(make(Xb, yb), batch_size=450)

net = EquilibriumNet(opts.width, opts.max_iter)
opt = torch.optim.Adam(net.parameters(), lr=opts.lr, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, opts.epochs)
lossf = nn.CrossEntropyLoss()
for epoch in range(1, opts.epochs + 1):
    net.train()
    losses = []
    for xb, yb_ in train_dl:
        opt.zero_grad(set_to_none=True)
        loss = lossf(net(xb), yb_)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    if epoch % 3 == 0:
        net.eval()
        with torch.no_grad():
            xb, yb_ = next(iter(test_dl))
            out = net(xb)
        acc = (out.argmax(1) == yb_).float().mean().item()
        print(f"epoch {epoch:2d} loss {sum(losses) / len(losses):.4f} test loss {lossf(out, yb_).item():.4f} "
              f"test acc {acc:.4f} iterations {net.used}")
print(f"test accuracy = {acc:.4f}")
