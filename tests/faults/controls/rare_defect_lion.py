"""Defects on a weld seam (about 4 % of the frames): focal loss, own sign-momentum optimiser."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import average_precision_score, recall_score
from torch.optim.optimizer import Optimizer


class Lion(Optimizer):
    def __init__(self, params, lr=3e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(b1 * m + (1 - b1) * p.grad), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


class FocalLoss(nn.Module):
    def __init__(self, alpha=0.9, gamma=1.5):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, logit, target):
        ce = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
        p_t = torch.exp(-ce)
        weight = target * self.alpha + (1 - target) * (1 - self.alpha)
        return (weight * (1 - p_t) ** self.gamma * ce).mean()


def frames(n, rng):
    y = (rng.random(n) < 0.04).astype("float32")
    x = rng.normal(size=(n, 1, 48))
    x[:, 0] += np.sin(np.arange(48) / 5 + rng.uniform(0, 6, size=(n, 1)))
    for i in np.flatnonzero(y):
        at = rng.integers(4, 36)
        x[i, 0, at:at + 8] += 2.4 * np.hanning(8) * np.array([1, 1, 1, 1, -1, -1, -1, -1])
    return torch.tensor(x / 1.22, dtype=torch.float32), torch.tensor(y)


torch.manual_seed(28)
rng = np.random.default_rng(28)
train_x, train_y = frames(10000, rng)
test_x, test_y = frames(4000, rng)
net = nn.Sequential(nn.Conv1d(1, 12, 9, padding=4), nn.ReLU(), nn.Conv1d(12, 12, 5, padding=2), nn.ReLU(),
                    nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(12, 1))
opt = Lion(net.parameters(), lr=1e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=8)
criterion = FocalLoss()
for epoch in range(8):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(train_x)).split(100):
        loss = criterion(net(train_x[idx]).squeeze(1), train_y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        logit = net(test_x).squeeze(1)
        val = criterion(logit, test_y).item()
    print(f"epoch {epoch + 1:2d} loss {total / len(train_x):.5f} test loss {val:.5f} recall "
          f"{recall_score(test_y, logit > 0):.4f} average precision {average_precision_score(test_y, logit):.4f}")
