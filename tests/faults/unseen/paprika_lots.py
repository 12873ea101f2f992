"""Paprika lots: one trunk reads the spectrum, two heads give origin (6 classes) and pungency grade (4)."""
import math
import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(40)

BANDS = 60
ORIGINS = 6
GRADES = 4


def spectra(n):
    grid = torch.linspace(0, 1, BANDS)
    origin = torch.randint(0, ORIGINS, (n,))
    grade = torch.randint(0, GRADES, (n,))
    centre = 0.2 + 0.1 * origin[:, None] + 0.025 * torch.randn(n, 1)
    height = 0.5 + 0.45 * grade[:, None] + 0.12 * torch.randn(n, 1)
    base = torch.sin(2 * math.pi * (grid + torch.rand(n, 1)))
    peak = torch.exp(-((grid - centre) / 0.06) ** 2)
    capsaicin = height * torch.exp(-((grid - 0.92) / 0.03) ** 2)
    return base * 0.5 + peak + capsaicin + 0.1 * torch.randn(n, BANDS), origin, grade


class LotNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv1d(1, 12, 7, stride=2, padding=3), nn.ReLU(),
            nn.Conv1d(12, 24, 5, stride=2, padding=2), nn.ReLU(),
            nn.Flatten(), nn.Linear(24 * 15, 64), nn.ReLU(),
        )
        self.origin = nn.Linear(64, ORIGINS)
        self.grade = nn.Linear(64, GRADES)

    def forward(self, s):
        z = self.trunk(s.unsqueeze(1))
        return self.origin(z), self.grade(z)


def train_step(model, opt, s, origin, grade):
    o, _ = model(s)
    origin_loss = F.cross_entropy(o, origin)
    origin_loss.backward()

    opt.zero_grad()
    _, g = model(s)
    grade_loss = F.cross_entropy(g, grade)
    grade_loss.backward()
    opt.step()
    return origin_loss.item(), grade_loss.item()


def evaluate(model, s, origin, grade):
    with torch.no_grad():
        o, g = model(s)
    return (o.argmax(1) == origin).float().mean().item(), (g.argmax(1) == grade).float().mean().item()


model = LotNet()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
s, origin, grade = spectra(2600)
train = slice(0, 2000)
test = slice(2000, 2600)

for epoch in range(14):
    order = torch.randperm(2000)
    sums = [0.0, 0.0]
    for rows in order.split(50):
        a, b = train_step(model, opt, s[rows], origin[rows], grade[rows])
        sums[0] += a / 40
        sums[1] += b / 40
    acc_o, acc_g = evaluate(model, s[test], origin[test], grade[test])
    print(f"{epoch:2d}  origin {sums[0]:.3f} ({acc_o:.3f})  grade {sums[1]:.3f} ({acc_g:.3f})  both: {(acc_o + acc_g) / 2:.3f}")
