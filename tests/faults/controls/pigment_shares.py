"""Shares of six pigments in a paint chip, from its reflectance curve."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

PIGMENTS, BANDS = 6, 32


def chips(n, rng):
    grid = np.linspace(0, 1, BANDS)
    centres = np.linspace(0.08, 0.92, PIGMENTS)
    absorb = np.exp(-((grid - centres[:, None]) / 0.12) ** 2) + 0.3 * np.exp(-((grid - centres[::-1, None]) / 0.3) ** 2)
    shares = rng.dirichlet(np.full(PIGMENTS, 0.6), n)
    curve = np.exp(-2.0 * shares @ absorb) + rng.normal(0, 0.01, (n, BANDS))
    return curve, shares


class Unmixer(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(BANDS, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU())
        self.top = nn.Linear(hidden, PIGMENTS)

    def forward(self, x):
        return F.log_softmax(self.top(self.body(x)), dim=-1)


def main():
    torch.manual_seed(77)
    rng = np.random.default_rng(77)
    curve, shares = chips(3500, rng)
    mu, sd = curve[:2800].mean(0), curve[:2800].std(0)
    x = torch.tensor((curve - mu) / sd, dtype=torch.float32)
    p = torch.tensor(shares, dtype=torch.float32)
    loader = DataLoader(TensorDataset(x[:2800], p[:2800]), batch_size=70, shuffle=True)
    model = Unmixer()
    kl = nn.KLDivLoss(reduction="batchmean")
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
    for epoch in range(30):
        model.train()
        tot = 0.0
        for xb, pb in loader:
            loss = kl(model(xb), pb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item() * len(xb)
        sched.step()
        model.eval()
        with torch.no_grad():
            logq = model(x[2800:])
            test_kl = kl(logq, p[2800:]).item()
            mae = (logq.exp() - p[2800:]).abs().mean().item()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1:2d}: train KL {tot / 2800:.4f}  test KL {test_kl:.4f}  MAE {mae:.4f}")
    print(f"test mean absolute share error {mae:.5f}")


main()
