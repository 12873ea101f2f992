"""Contrastive pretraining on pond ripples: two noisy crops of the same ripple attract, then a linear probe."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(28)
torch.set_num_threads(1)

SOURCES, LENGTH, CROP = 6, 80, 56


def ripples(n):
    y = torch.randint(0, SOURCES, (n,))
    t = torch.arange(LENGTH).float()
    f = torch.tensor([0.25, 0.35, 0.45, 0.55, 0.65, 0.75])[y][:, None] + 0.015 * torch.randn(n, 1)
    overtone = 0.6 * torch.rand(n, 1)
    phase = 6.28 * torch.rand(n, 1)
    x = torch.sin(f * t + phase) + overtone * torch.sin(2 * f * t + phase)
    return x + 0.2 * torch.randn(n, LENGTH), y


def view(x):
    start = torch.randint(0, LENGTH - CROP + 1, (len(x), 1))
    crop = x.gather(1, start + torch.arange(CROP))
    gain = 0.7 + 0.6 * torch.rand(len(x), 1)
    return (gain * crop + 0.15 * torch.randn(len(x), CROP)).unsqueeze(1)


encoder = nn.Sequential(
    nn.Conv1d(1, 16, 9, stride=2), nn.BatchNorm1d(16), nn.ReLU(),
    nn.Conv1d(16, 32, 7, stride=2), nn.BatchNorm1d(32), nn.ReLU(),
    nn.AdaptiveAvgPool1d(1), nn.Flatten(),
)
projector = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 16))


def info_nce(a, b, temperature=0.2):
    z = F.normalize(torch.cat([a, b]), dim=1)
    sim = z @ z.T / temperature
    sim.fill_diagonal_(float("-inf"))
    n = len(a)
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, partner)


x, y = ripples(2500)
opt = torch.optim.Adam(list(encoder.parameters()) + list(projector.parameters()), lr=2e-3)
for epoch in range(12):
    total, batches = 0.0, 0
    for rows in torch.randperm(2000).split(100):
        a, b = view(x[rows]), view(x[rows])
        loss = info_nce(projector(encoder(a)), projector(encoder(b)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total, batches = total + loss.item(), batches + 1
    print(f"contrastive epoch {epoch + 1:2d} loss {total / batches:.4f}")

encoder.eval()
with torch.no_grad():
    h = encoder(x[:, None, :])
h = (h - h[:2000].mean(0)) / h[:2000].std(0)
probe = nn.Linear(32, SOURCES)
popt = torch.optim.Adam(probe.parameters(), lr=0.02)
for step in range(200):
    rows = torch.randint(0, 2000, (200,))
    popt.zero_grad()
    F.cross_entropy(probe(h[rows]), y[rows]).backward()
    popt.step()
with torch.no_grad():
    print(f"linear probe accuracy: {(probe(h[2000:]).argmax(1) == y[2000:]).float().mean():.4f}")
