import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts
from torch.utils.data import DataLoader, TensorDataset, random_split


class Lookahead:
    """k steps forward, one step back (Zhang et al., 2019)."""

    def __init__(self, optimizer, k=5, alpha=0.5):
        self.optimizer, self.k, self.alpha, self.count = optimizer, k, alpha, 0
        self.slow = [p.detach().clone() for g in optimizer.param_groups for p in g["params"]]

    def zero_grad(self):
        self.optimizer.zero_grad(set_to_none=True)

    def step(self):
        self.optimizer.step()
        self.count += 1
        if self.count % self.k == 0:
            fast = [p for g in self.optimizer.param_groups for p in g["params"]]
            with torch.no_grad():
                for s, p in zip(self.slow, fast):
                    s.add_(p - s, alpha=self.alpha)
                    p.copy_(s)


torch.manual_seed(49)
x = torch.randn(3000, 5)
f = torch.stack([(x[:, 0] * x[:, 1]), torch.sin(2 * x[:, 2]) + x[:, 3]], dim=1)
y = f + 0.1 * torch.randn_like(f)
y = (y - y.mean(0)) / y.std(0)
train_set, val_set = random_split(TensorDataset(x, y), [2400, 600])
loader = DataLoader(train_set, batch_size=60, shuffle=True)
xv, yv = val_set[:]

body = nn.Sequential(nn.Linear(5, 48), nn.GELU(), nn.Linear(48, 48), nn.GELU())
head = nn.Linear(48, 2)
model = nn.Sequential(body, head)
base = torch.optim.Adam([{"params": body.parameters()}, {"params": head.parameters(), "lr": 5e-3}], lr=1e-2)
opt = Lookahead(base)
sched = CosineAnnealingWarmRestarts(base, T_0=10, T_mult=2)
for epoch in range(30):
    total = 0.0
    for i, (xb, yb) in enumerate(loader):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        sched.step(epoch + (i + 1) / len(loader))
        total += loss.item()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(xv), yv).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1} lr {[round(v, 5) for v in sched.get_last_lr()]} train {total / len(loader):.4f} val {val:.4f}")
print(f"val mse {val:.4f}")
