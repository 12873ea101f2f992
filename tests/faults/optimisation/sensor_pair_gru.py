"""Predict the phase lag between two channels. A recurrent encoder and a dense head have an optimiser each."""
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
STEPS = 30


def make_pairs(n):
    t = torch.arange(STEPS) / STEPS
    lag = (torch.rand(n, 1) - 0.5) * math.pi
    freq = 1.5 + 1.5 * torch.rand(n, 1)
    start = 2 * math.pi * torch.rand(n, 1)
    left = torch.sin(2 * math.pi * freq * t + start)
    right = torch.sin(2 * math.pi * freq * t + start + lag)
    x = torch.stack([left, right], dim=2) * 1.4 + 0.1 * torch.randn(n, STEPS, 2)
    return x, (lag / lag.std()).squeeze(1)


class Encoder(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)

    def forward(self, x):
        _, h = self.gru(x)
        return h[-1]


class Head(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(hidden, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, h):
        return self.net(h).squeeze(-1)


def validate(encoder, head, loader):
    encoder.eval(), head.eval()
    with torch.no_grad():
        se = sum(((head(encoder(x)) - y) ** 2).sum().item() for x, y in loader)
    return se / len(loader.dataset)


train = DataLoader(TensorDataset(*make_pairs(2500)), batch_size=50, shuffle=True)
valid = DataLoader(TensorDataset(*make_pairs(500)), batch_size=250)
encoder, head = Encoder(), Head()
opt_enc = torch.optim.Adam(encoder.parameters(), lr=4e-3)
opt_head = torch.optim.Adam(head.parameters(), lr=4e-3)
schedulers = [torch.optim.lr_scheduler.CosineAnnealingLR(o, 15) for o in (opt_enc, opt_head)]
criterion = nn.MSELoss()

for epoch in range(15):
    encoder.train(), head.train()
    seen, total = 0, 0.0
    for x, y in train:
        opt_head.zero_grad()
        loss = criterion(head(encoder(x)), y)
        loss.backward()
        opt_enc.zero_grad()
        opt_enc.step()
        opt_head.step()
        total += loss.item() * len(y)
        seen += len(y)
    for s in schedulers:
        s.step()
    print(f"epoch {epoch + 1:2d}  train {total / seen:.4f}  valid {validate(encoder, head, valid):.4f}")
print("validation MSE", round(validate(encoder, head, valid), 5))
