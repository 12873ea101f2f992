"""Time to failure of pump seals, some still running when we looked (censored)."""
import numpy as np
import torch
import torch.nn as nn


def partial_likelihood(risk, time, failed):
    order = torch.argsort(time, descending=True)
    risk, failed = risk[order], failed[order]
    at_risk = torch.logcumsumexp(risk, dim=0)
    return ((risk - at_risk) * failed).sum() / failed.sum()


def concordance(risk, time, failed):
    risk, time, failed = risk.numpy(), time.numpy(), failed.numpy().astype(bool)
    earlier = (time[:, None] < time[None, :]) & failed[:, None]
    higher = (risk[:, None] > risk[None, :])
    return (earlier & higher).sum() / earlier.sum()


class RiskNet(nn.Module):
    def __init__(self, width, site_count):
        super().__init__()
        self.site = nn.Embedding(site_count, 4)
        self.body = nn.Sequential(nn.Linear(6 + 4, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 1))

    def forward(self, x, site):
        return 3 * torch.tanh(self.body(torch.cat([x, self.site(site)], 1)).squeeze(1) / 3)


def data(n=2500):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(n, 6))
    site = rng.integers(0, 7, n)
    log_hazard = 0.9 * x[:, 0] - 0.7 * x[:, 1] + 0.5 * np.abs(x[:, 2]) + np.linspace(-0.8, 0.8, 7)[site]
    t = rng.weibull(1.4, n) * np.exp(-log_hazard / 1.4) * 400
    seen_until = rng.uniform(100, 1500, n)
    return (torch.tensor(x, dtype=torch.float32), torch.tensor(site),
            torch.tensor(np.minimum(t, seen_until), dtype=torch.float32),
            torch.tensor(t <= seen_until, dtype=torch.float32))


torch.manual_seed(6)
x, site, time, failed = data()
tr, te = slice(0, 1800), slice(1800, None)
net = RiskNet(24, 7)
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
for epoch in range(1, 31):
    net.train()
    values = []
    for idx in torch.randperm(1800).split(150):
        objective = partial_likelihood(net(x[idx], site[idx]), time[idx], failed[idx])
        opt.zero_grad()
        objective.backward()
        opt.step()
        values.append(objective.item())
    if epoch % 3 == 0:
        net.eval()
        with torch.no_grad():
            c = concordance(net(x[te], site[te]), time[te], failed[te])
        print(f"epoch {epoch:2d}  objective {np.mean(values):.3f}  c-index {c:.3f}")
