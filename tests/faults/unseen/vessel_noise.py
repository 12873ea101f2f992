"""Vessel type from underwater noise bands; the exponential moving average of the weights is evaluated."""
import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(57)
torch.set_num_threads(1)

BANDS, TYPES = 24, 6


def recordings(n):
    y = torch.randint(0, TYPES, (n,))
    rng = torch.Generator().manual_seed(3)
    tone = torch.randn(TYPES, 2, BANDS, generator=rng)
    load = torch.rand(n, 1)
    x = load * tone[y, 0] + (1 - load) * tone[y, 1] + 0.8 * torch.randn(n, BANDS)
    return x, y


class Average:
    def __init__(self, model, decay=0.99):
        self.decay = decay
        self.model = copy.deepcopy(model).eval()
        for p in self.model.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for a, b in zip(self.model.parameters(), model.parameters()):
            a.lerp_(b, 1 - self.decay)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x, y = recordings(5000)
train = DataLoader(TensorDataset(x[:4000], y[:4000]), batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(BANDS, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, TYPES))
ema = Average(model)
opt = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-3)

for epoch in range(15):
    model.train()
    for xb, yb in train:
        opt.zero_grad()
        nn.functional.cross_entropy(model(xb), yb).backward()
        opt.step()
        ema.update(model)
    if epoch % 3 == 2:
        raw = evaluate(model, x[4000:], y[4000:])
        avg = evaluate(ema.model, x[4000:], y[4000:])
        tr = evaluate(ema.model, x[:4000], y[:4000])
        print(f"epoch {epoch + 1:2d} raw {raw[0]:.4f}/{raw[1]:.3f}  ema train {tr[0]:.4f} ema test {avg[0]:.4f} acc {avg[1]:.4f}")
