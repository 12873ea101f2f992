"""Daily umbrella rentals at 30 kiosks: Poisson counts, micro-batches gathered by hand into one step."""
import numpy as np
import torch
import torch.nn as nn

KIOSKS, MICRO, GATHER, EPOCHS = 30, 60, 4, 8


def rentals(n, seed):
    world = np.random.default_rng(7)
    popular = world.normal(0, 0.5, KIOSKS)
    soaked = world.uniform(0.3, 1.0, KIOSKS)
    rng = np.random.default_rng(seed)
    kiosk = rng.integers(0, KIOSKS, n)
    rain = rng.exponential(1.0, n)
    wind = rng.normal(0, 1, n)
    month = rng.uniform(0, 2 * np.pi, n)
    log_rate = -0.2 + popular[kiosk] + soaked[kiosk] * np.tanh(rain) * 1.3 - 0.25 * wind + 0.3 * np.cos(month)
    count = rng.poisson(np.exp(log_rate))
    x = np.stack([np.log1p(rain) - 0.6, wind, np.cos(month), np.sin(month)], axis=1)
    return (torch.from_numpy(kiosk), torch.from_numpy(x).float(), torch.from_numpy(count).float(),
            torch.from_numpy(log_rate).float())


class Kiosks(nn.Module):
    """The kiosk table serves twice on purpose: as an input and, through the same rows, as the output weights."""

    def __init__(self, width=16):
        super().__init__()
        self.table = nn.Embedding(KIOSKS, width)
        self.shift = nn.Parameter(torch.zeros(KIOSKS))
        self.net = nn.Sequential(nn.Linear(width + 4, 48), nn.Tanh(), nn.Linear(48, width))
        nn.init.normal_(self.table.weight, std=0.3)

    def forward(self, kiosk, x):
        row = self.table(kiosk)
        return (self.net(torch.cat([row, x], dim=1)) * row).sum(1) + self.shift[kiosk]


def nll(log_rate, count):
    return (log_rate.exp() - count * log_rate).sum()


torch.manual_seed(19)
train, test = rentals(12000, 1), rentals(3000, 2)
model = Kiosks()
tables = [p for n, p in model.named_parameters() if not n.startswith("net")]
optimizer = torch.optim.AdamW([
    {"params": tables, "weight_decay": 1e-2},
    {"params": model.net.parameters(), "weight_decay": 1e-3},
], lr=6e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)

for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    optimizer.zero_grad()
    pieces = torch.randperm(len(train[0])).split(MICRO)
    for i, idx in enumerate(pieces, start=1):
        kiosk, x, count, _ = (part[idx] for part in train)
        loss = nll(model(kiosk, x), count)
        (loss / (MICRO * GATHER)).backward()
        total += loss.item()
        if i % GATHER == 0:
            optimizer.step()
            optimizer.zero_grad()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        held = nll(model(test[0], test[1]), test[2]).item() / len(test[0])
    print(f"epoch {epoch + 1:2d}  train nll {total / len(train[0]):.4f}  test nll {held:.4f}")

with torch.no_grad():
    floor = nll(test[3], test[2]).item() / len(test[0])
print(f"nll of the true rates: {floor:.4f}")
print(f"test nll: {held:.4f}")
