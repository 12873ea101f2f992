"""A depth-recurrent classifier: one block, applied over and over (as in universal transformers), trained with Lion."""
import torch
from torch import nn
from torch.optim import Optimizer
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Lion(Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
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


class Looped(nn.Module):
    def __init__(self, dim=64, loops=6):
        super().__init__()
        self.embed = nn.Linear(64, dim)
        self.norm = nn.LayerNorm(dim)
        self.block = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.loops = loops
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        h = self.embed(x)
        for _ in range(self.loops):
            h = h + self.block(self.norm(h)) / self.loops
        return self.head(h)


torch.manual_seed(9)
d = load_digits()
xa, xb, ya, yb = train_test_split(d.data, d.target, test_size=0.25, stratify=d.target, random_state=2)
mu, sd = xa.mean(), xa.std()
xa, xb = (torch.tensor((v - mu) / sd, dtype=torch.float32) for v in (xa, xb))
ya, yb = torch.tensor(ya), torch.tensor(yb)

net = Looped()
opt = Lion(net.parameters(), lr=6e-4, weight_decay=1.0)
total = 20 * (len(xa) // 32 + 1)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 60) * max(0.02, 1 - s / total))
for epoch in range(20):
    net.train()
    running = 0.0
    for idx in torch.randperm(len(xa)).split(32):
        loss = nn.functional.cross_entropy(net(xa[idx]), ya[idx], label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        running += loss.item() * len(idx)
    net.eval()
    with torch.no_grad():
        out = net(xb)
        print(f"epoch {epoch + 1:2d} loss {running / len(xa):.4f} test loss {nn.functional.cross_entropy(out, yb).item():.4f} "
              f"test accuracy {(out.argmax(1) == yb).float().mean().item():.4f}")
