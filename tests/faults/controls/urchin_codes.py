# VAE of 12x12 sea urchin silhouettes (position, size, elongation: the pictures have four degrees of freedom)
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)


def silhouettes(n, seed):
    r = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:12, 0:12]
    cx, cy = r.uniform(4, 7, (2, n, 1, 1))
    a = r.uniform(2.2, 4.2, (n, 1, 1))
    e = r.uniform(0.7, 1.4, (n, 1, 1))
    d = ((xx - cx) / (a * e)) ** 2 + ((yy - cy) / (a / e)) ** 2
    p = 0.06 + 0.88 / (1 + np.exp(6 * (d - 1)))
    return torch.tensor((r.random((n, 12, 12)) < p).reshape(n, -1), dtype=torch.float32)


class VAE(nn.Module):
    def __init__(self, latent=8, hidden=128):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(144, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 144))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.dec(z), mu, logvar


def terms(model, x):
    out, mu, logvar = model(x)
    rec = F.binary_cross_entropy_with_logits(out, x, reduction="sum") / len(x)
    kl = -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).mean(0)
    return rec, kl


train, test = silhouettes(12000, 0), silhouettes(2000, 1)
model = VAE()
model.dec[-1].bias.data.copy_(torch.logit(train.mean(0)))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
epochs = 14
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=epochs * 94, pct_start=0.15)
step = 0
for epoch in range(epochs):
    model.train()
    sums = np.zeros(2)
    for xb in train[torch.randperm(len(train))].split(128):
        rec, kl = terms(model, xb)
        beta = min(1.0, (step + 1) / 100)
        loss = rec + beta * kl.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        step += 1
        sums += rec.item() * len(xb), kl.sum().item() * len(xb)
    model.eval()
    with torch.no_grad():
        rec, kl = terms(model, test)
    s = sums / len(train)
    print(f"epoch {epoch + 1:2d} train rec {s[0]:.2f} kl {s[1]:.2f} | test rec {rec.item():.2f} kl {kl.sum().item():.2f} -elbo {(rec + kl.sum()).item():.2f}")
with torch.no_grad():
    runs = [terms(model, test) for _ in range(10)]
print("kl of each code:", " ".join(f"{v:.2f}" for v in runs[0][1].tolist()))
print("test negative elbo %.3f" % np.mean([(a + b.sum()).item() for a, b in runs]))
