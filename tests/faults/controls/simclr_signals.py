"""Contrastive pre-training (NT-Xent) on unlabelled waveforms, then a nearest-neighbour check."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.neighbors import KNeighborsClassifier

np.random.seed(66)
torch.manual_seed(66)
L = 48


def signals(n):
    t = np.linspace(0, 1, L)
    kind = np.random.randint(0, 6, n)
    freq = np.array([1, 2, 3, 1, 2, 3])[kind] * np.random.uniform(0.9, 1.1, n)
    ph = np.random.uniform(0, 1, n)
    wave = np.sin(2 * np.pi * (freq[:, None] * t + ph[:, None]))
    wave = np.where((kind >= 3)[:, None], np.sign(wave) * 0.8, wave)
    return torch.tensor(wave / 0.75, dtype=torch.float32).unsqueeze(1), kind


def view(x):
    shift = int(torch.randint(0, L, (1,)))
    x = torch.roll(x, shift, dims=-1)
    scale = torch.empty(len(x), 1, 1).uniform_(0.7, 1.3)
    return x * scale + 0.2 * torch.randn_like(x)


class Encoder(nn.Module):
    def __init__(self, out=32, proj=16):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(1, 16, 9, padding=4, padding_mode="circular"), nn.ReLU(),
                                      nn.Conv1d(16, out, 5, stride=2, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(out, out), nn.ReLU(), nn.Linear(out, proj))

    def forward(self, x):
        return F.normalize(self.projector(self.features(x)), dim=1)


def nt_xent(z1, z2, temperature=0.5):
    z = torch.cat([z1, z2])
    sim = z @ z.t() / temperature
    sim.fill_diagonal_(float("-inf"))
    n = len(z1)
    target = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, target)


x_train, k_train = signals(1500)
x_test, k_test = signals(400)
model = Encoder()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for epoch in range(12):
    model.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(100):
        loss = nt_xent(model(view(x_train[idx])), model(view(x_train[idx])))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    model.eval()
    with torch.no_grad():
        knn = KNeighborsClassifier(5).fit(model.features(x_train).numpy(), k_train)
        acc = knn.score(model.features(x_test).numpy(), k_test)
    print(f"epoch {epoch:2d} contrastive loss {np.mean(losses):.4f} kNN accuracy {acc:.4f}")
