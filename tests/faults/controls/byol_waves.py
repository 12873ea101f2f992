import copy
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(18)
LEN = 48


def waves(n):
    t = torch.arange(LEN) / LEN
    kind = torch.randint(0, 4, (n,))
    f = 3 + torch.rand(n, 1)
    ph = 2 * math.pi * (f * t + torch.rand(n, 1))
    shapes = torch.stack([torch.sin(ph), torch.sign(torch.sin(ph)), 2 / math.pi * torch.asin(torch.sin(ph)),
                          torch.sin(ph) + 0.7 * torch.sin(3 * ph)], 1)
    return 1.3 * shapes[torch.arange(n), kind] + 0.35 * torch.randn(n, LEN), kind


def augment(x):
    shift = torch.randint(0, LEN, (len(x), 1))
    x = x.gather(1, (torch.arange(LEN) + shift) % LEN)
    return x * (0.8 + 0.4 * torch.rand(len(x), 1)) + 0.15 * torch.randn_like(x)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 24, 5, padding=2), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
                                  nn.Conv1d(24, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU())
        self.proj = nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 16))

    def features(self, x):
        return self.conv(x.unsqueeze(1)).mean(-1)

    def forward(self, x):
        return self.proj(self.features(x))


online = Encoder()
target = copy.deepcopy(online).requires_grad_(False)
predictor = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16))
opt = torch.optim.AdamW([*online.parameters(), *predictor.parameters()], lr=2e-3, weight_decay=1e-3)
x, y = waves(2000)
xt, yt = waves(500)

for epoch in range(15):
    online.train(), predictor.train(), target.train()
    total = 0.0
    for idx in torch.randperm(len(x)).split(125):
        a, b = augment(x[idx]), augment(x[idx])
        with torch.no_grad():
            ta, tb = target(a), target(b)
        loss = 2 - F.cosine_similarity(predictor(online(a)), tb).mean() - F.cosine_similarity(predictor(online(b)), ta).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            for p, q in zip(target.parameters(), online.parameters()):
                p.lerp_(q, 0.02)
        total += loss.item()
    if epoch % 3 == 2:
        print(f"pretrain epoch {epoch + 1:2d}  loss {total / 16:.4f}")

online.eval().requires_grad_(False)
with torch.no_grad():
    z, zt = online.features(x), online.features(xt)
m, s = z.mean(0), z.std(0) + 1e-6
z, zt = (z - m) / s, (zt - m) / s
probe = nn.Linear(32, 4)
opt = torch.optim.Adam(probe.parameters(), lr=2e-2)
for epoch in range(15):
    for idx in torch.randperm(len(z)).split(125):
        loss = F.cross_entropy(probe(z[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    print(f"linear probe accuracy {(probe(zt).argmax(1) == yt).float().mean().item():.4f}")
