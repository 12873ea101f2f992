"""Each swarm is a set of drones; say which formation it flies, whatever its position, size and heading."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
rng = np.random.default_rng(5)
DRONES, FORMATIONS = 12, 4


def swarm(kind):
    t = np.linspace(0, 1, DRONES, endpoint=False)
    if kind == 0:      # ring
        p = np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)], 1)
    elif kind == 1:    # line
        p = np.stack([2 * t - 1, 0 * t], 1) * 1.6
    elif kind == 2:    # two clusters
        p = np.stack([np.sign(t - 0.5 + 1e-9), 0 * t], 1) + 0.25 * rng.normal(size=(DRONES, 2))
    else:              # cloud
        p = 0.75 * rng.normal(size=(DRONES, 2))
    a = rng.uniform(0, 2 * np.pi)
    rot = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return rng.permutation(p @ rot.T + 0.12 * rng.normal(size=p.shape)) + rng.normal(scale=0.3, size=2)


def build(n):
    y = rng.integers(0, FORMATIONS, n)
    x = np.stack([swarm(k) for k in y]) / 1.7
    return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


class AttentionBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        q = self.norm1(x)
        x = x + self.attn(q, q, q, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class SwarmNet(nn.Module):
    def __init__(self, dim=24, heads=4, depth=2):
        super().__init__()
        self.embed = nn.Linear(2, dim)
        self.blocks = nn.ModuleList([AttentionBlock(dim, heads) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, FORMATIONS))

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(dim=1))


def run_epoch(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    loss_sum = correct = seen = 0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            out = model(x)
            loss = loss_fn(out, y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            loss_sum += loss.item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
            seen += len(y)
    return loss_sum / seen, correct / seen


train_loader = DataLoader(build(2600), batch_size=40, shuffle=True)
val_loader = DataLoader(build(400), batch_size=40)
model = SwarmNet()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(10):
    tl, ta = run_epoch(model, train_loader, loss_fn, opt)
    sched.step()
    vl, va = run_epoch(model, val_loader, loss_fn)
    print(f"epoch {epoch:2d} | train {tl:.3f} acc {ta:.3f} | val {vl:.3f} acc {va:.4f}")
