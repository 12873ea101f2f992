import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X = torch.tensor(load_digits().data).float() / 16
X = X[torch.randperm(len(X))]
tr, te = X[:1500], X[1500:]


class VAE(nn.Module):
    def __init__(self, z=8):
        super().__init__()
        self.e = nn.Sequential(nn.Linear(64, 128), nn.SiLU())
        self.mu, self.lv = nn.Linear(128, z), nn.Linear(128, z)
        self.d = nn.Sequential(nn.Linear(z, 128), nn.SiLU(), nn.Linear(128, 64))

    def forward(self, x):
        h = self.e(x)
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * (0.5 * lv).exp() if self.training else mu
        return self.d(z), mu, lv


m = VAE()
opt = torch.optim.Adam(m.parameters(), lr=2e-3)
for ep in range(25):
    beta = min(1.0, ep / 10)
    m.train()
    tot = 0.0
    for b in torch.randperm(1500).split(50):
        out, mu, lv = m(tr[b])
        rec = F.binary_cross_entropy_with_logits(out, tr[b], reduction="none").sum(1)
        kl = -0.5 * (1 + lv - mu**2 - lv.exp()).sum(1)
        loss = (rec + beta * kl).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(b)
    if ep % 4 == 0:
        m.eval()
        with torch.no_grad():
            out, mu, lv = m(te)
            mse = F.mse_loss(out.sigmoid(), te).item()
        print(f"epoch {ep} beta {beta:.1f} loss {tot / 1500:.3f} recon mse {mse:.4f}")
