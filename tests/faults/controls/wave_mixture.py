"""Mixture density network: an inverse problem with several answers for each input."""
import math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)


def sample(n):
    y = torch.rand(n, 1) * 2 - 1
    x = y + 0.35 * torch.sin(2 * math.pi * y) + 0.10 * torch.randn(n, 1)
    return x / 0.62, y / 0.58


class MDN(nn.Module):
    def __init__(self, hidden=40, parts=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.weight = nn.Linear(hidden, parts)
        self.mean = nn.Linear(hidden, parts)
        self.log_scale = nn.Linear(hidden, parts)

    def forward(self, x):
        h = self.trunk(x)
        return self.weight(h).log_softmax(-1), self.mean(h), self.log_scale(h).clamp(-6, 2)


def nll(out, y):
    log_w, mean, log_s = out
    z = (y - mean) / log_s.exp()
    return -torch.logsumexp(log_w - log_s - 0.5 * z ** 2 - 0.5 * math.log(2 * math.pi), dim=-1).mean()


train_x, train_y = sample(3000)
val_x, val_y = sample(1000)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=60, shuffle=True)
model = MDN()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=48)
for epoch in range(48):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = nll(model(x), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        opt.step()
        total += loss.item() * len(x)
    sched.step()
    model.eval()
    with torch.no_grad():
        val = nll(model(val_x), val_y).item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:2d}  train nll {total / 3000:.4f}  validation nll {val:.4f}")
