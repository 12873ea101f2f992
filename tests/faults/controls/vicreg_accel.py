"""Self-supervised features (variance-invariance-covariance) of accelerometer windows, then a linear probe."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

torch.manual_seed(9)
STEPS, KINDS = 48, 5


def windows(n):
    kind = torch.randint(KINDS, (n,))
    t = torch.linspace(0, 1, STEPS)
    f = 2.0 + 1.0 * kind.float().unsqueeze(1) + 0.2 * torch.randn(n, 1)
    x = torch.sin(6.28 * (f * t + torch.rand(n, 1))) + 0.4 * torch.sin(6.28 * (2 * f * t + torch.rand(n, 1)))
    x = x + 0.6 * torch.randn(n, STEPS)
    return ((x - x.mean()) / x.std()).unsqueeze(1), kind


def augment(x):
    shift = int(torch.randint(-8, 9, (1,)))
    x = torch.roll(x, shift, dims=2) * (0.7 + 0.6 * torch.rand(len(x), 1, 1))
    return x + 0.25 * torch.randn_like(x)


class Encoder(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(1, 24, 7, padding=3), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
                                 nn.Conv1d(24, 48, 5, padding=2), nn.BatchNorm1d(48), nn.ReLU(),
                                 nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(48, dim))

    def forward(self, x):
        return self.net(x)


def vicreg(a, b, sim=25.0, std=25.0, cov=1.0):
    total = sim * F.mse_loss(a, b)
    for z in (a, b):
        total = total + std / 2 * F.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()
        z = z - z.mean(0)
        c = z.T @ z / (len(z) - 1)
        off = c - torch.diag(c.diagonal())
        total = total + cov * off.pow(2).sum() / z.shape[1]
    return total


x, kind = windows(1600)
train, test = slice(0, 1200), slice(1200, 1600)
encoder = Encoder()
expander = nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64))
params = list(encoder.parameters()) + list(expander.parameters())
optimizer = torch.optim.AdamW(params, lr=2e-3, weight_decay=1e-4)
for epoch in range(12):
    encoder.train(), expander.train()
    total = 0.0
    for idx in torch.randperm(1200).split(100):
        batch = x[idx]
        loss = vicreg(expander(encoder(augment(batch))), expander(encoder(augment(batch))))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"epoch {epoch + 1} vicreg {total / 1200:.3f}")

encoder.eval()
with torch.no_grad():
    feats = encoder(x)
probe = LogisticRegression(max_iter=500).fit(feats[train].numpy(), kind[train].numpy())
print("linear probe accuracy", round(probe.score(feats[test].numpy(), kind[test].numpy()), 4))
