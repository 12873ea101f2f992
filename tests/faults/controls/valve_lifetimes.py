import numpy as np
import torch
from torch import nn

# Irrigation valves: hours to leakage, half of them still tight when inspected. Cox partial likelihood on random subsets.


def valves(n, rng):
    z = rng.normal(size=(n, 7))
    z[:, 5] = (z[:, 5] > 0.3)
    z[:, 6] = rng.integers(0, 4, n) - 1.5
    risk = 0.6 * z[:, 0] - 0.4 * z[:, 1] + 0.4 * np.abs(z[:, 2]) + 0.5 * z[:, 5] * z[:, 3] + 0.15 * z[:, 6]
    t = (rng.exponential(size=n) / np.exp(risk)) ** 0.7 * 1000
    c = rng.uniform(50, 1800, n)
    return z.astype(np.float32), np.minimum(t, c).astype(np.float32), (t <= c), risk


def cox(risk, t, e):
    order = torch.argsort(t, descending=True)
    r, ev = risk[order], e[order]
    return -((r - torch.logcumsumexp(r, 0)) * ev).sum() / ev.sum()


def concordance(risk, t, e):
    sooner = (t[:, None] < t[None, :]) & e[:, None].bool()
    better = (risk[:, None] > risk[None, :]).float() + 0.5 * (risk[:, None] == risk[None, :]).float()
    return (better * sooner).sum().item() / sooner.sum().item()


class RiskNet(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.fc1 = nn.Linear(d, h)
        self.fc2 = nn.Linear(h, h)
        self.out = nn.Linear(h, 1, bias=False)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = self.drop(torch.relu(self.fc2(x)))
        return self.out(x)[:, 0]


def train(epochs=14, lr=2e-3, h=32, wd=1e-3):
    torch.manual_seed(14)
    rng = np.random.default_rng(14)
    z, t, e, _ = valves(10000, rng)
    zv, tv, ev, rv = valves(2500, rng)
    z, t, e = torch.from_numpy(z), torch.from_numpy(t), torch.from_numpy(e).float()
    zv, tv, ev = torch.from_numpy(zv), torch.from_numpy(tv), torch.from_numpy(ev).float()
    print(f"{len(z)} valves, {e.mean():.2f} leaked before inspection")
    net = RiskNet(7, h)
    opt = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=wd)
    sched = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=epochs, power=1.0)
    for ep in range(epochs):
        net.train()
        tot = []
        for idx in torch.randperm(len(z)).split(200):
            opt.zero_grad()
            loss = cox(net(z[idx]), t[idx], e[idx])
            loss.backward()
            opt.step()
            tot.append(loss.item())
        sched.step()
        net.eval()
        with torch.no_grad():
            r = net(zv)
            chunks = torch.arange(len(zv)).split(200)
            vl = np.mean([cox(r[i], tv[i], ev[i]).item() for i in chunks if len(i) == 200])
        if ep % 2:
            print(f"epoch {ep:2d}  partial likelihood {np.mean(tot):.4f}  held out {vl:.4f}  c-index {concordance(r, tv, ev):.4f}")
    print(f"c-index with the true risk {concordance(torch.from_numpy(rv), tv, ev):.4f}")
    print(f"final c-index {concordance(r, tv, ev):.4f}")


if __name__ == "__main__":
    train()
