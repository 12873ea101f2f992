import argparse
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.metrics import cohen_kappa_score

# Mill graders put velvet into five ordered grades; the net predicts P(grade > k) for k = 0..3.
ap = argparse.ArgumentParser()
ap.add_argument("--lr", type=float, default=3e-3)
ap.add_argument("--hidden", type=int, default=32)
ap.add_argument("--epochs", type=int, default=20)
ap.add_argument("--wd", type=float, default=1e-3)
ap.add_argument("--seed", type=int, default=11)
args = ap.parse_args()

torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)


def bolts(n):
    pile = rng.normal(2.0, 0.4, n)
    density = rng.gamma(9, 8, n)
    lustre = rng.beta(4, 2, n)
    shade = rng.normal(0, 1, n)
    streak = rng.exponential(0.6, n)
    width = rng.normal(150, 3, n)
    q = 1.2 * (pile - 2) / 0.4 - 0.5 * ((pile - 2) / 0.4) ** 2 + (density - 72) / 24 + 2.5 * lustre - 0.9 * streak + 0.3 * np.sin(2 * shade)
    q = q + rng.logistic(0, 0.8, n)
    grade = np.digitize(q, [-0.6, 0.5, 1.4, 2.4])
    return np.column_stack([pile, density, lustre, shade, streak, width]), grade


Xtr, ytr = bolts(9000)
Xva, yva = bolts(2000)
mu, sd = Xtr.mean(0), Xtr.std(0)
Xtr = torch.tensor((Xtr - mu) / sd, dtype=torch.float32)
Xva = torch.tensor((Xva - mu) / sd, dtype=torch.float32)
ytr, yva = torch.tensor(ytr), torch.tensor(yva)
levels = torch.arange(4)


class Grader(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 1))
        self.first = nn.Parameter(torch.tensor(-1.5))
        self.gaps = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        cuts = torch.cat([self.first[None], self.first + F.softplus(self.gaps).cumsum(0)])
        return self.body(x) - cuts


def ordinal_loss(logits, y):
    return F.binary_cross_entropy_with_logits(logits, (y[:, None] > levels).float())


net = Grader(6, args.hidden)
opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=args.wd)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
for ep in range(1, args.epochs + 1):
    net.train()
    tot = 0.0
    order = torch.randperm(len(Xtr))
    for idx in order.split(128):
        loss = ordinal_loss(net(Xtr[idx]), ytr[idx])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        tot += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        lg = net(Xva)
        pred = (lg > 0).sum(1)
        mae = (pred - yva).abs().float().mean().item()
        print(f"[{ep:02d}] train loss {tot / len(Xtr):.4f} | val loss {ordinal_loss(lg, yva).item():.4f} | exact {(pred == yva).float().mean():.3f} | MAE {mae:.3f}")
print("quadratic kappa", round(cohen_kappa_score(yva.numpy(), pred.numpy(), weights="quadratic"), 4))
