import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, Subset

torch.manual_seed(90)


class GaugeReadings(Dataset):
    """Readings whose spread grows with the load; two of the eight channels carry nothing."""

    def __init__(self, n, seed):
        rng = np.random.RandomState(seed)
        x = rng.randn(n, 8)
        mean = 0.25 * np.sin(1.5 * x[:, 0]) + 0.15 * x[:, 1] * x[:, 2] + 0.1 * x[:, 3]
        self.sigma = 0.03 + 0.12 / (1 + np.exp(-2 * x[:, 4] - x[:, 5]))
        y = mean + self.sigma * rng.randn(n)
        y = (y - y.mean()) / y.std()
        self.x, self.y = x.astype("float32"), y.astype("float32")

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class MeanVarianceNet(nn.Module):
    def __init__(self, d_in=8, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.mean = nn.Linear(width, 1)
        self.log_var = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.mean(h).squeeze(-1), self.log_var(h).squeeze(-1)


def gaussian_nll(mean, log_var, y):
    return 0.5 * (log_var + (y - mean) ** 2 * torch.exp(-log_var)).mean()


def epoch_loss(model, loader, optimizer=None):
    model.train(optimizer is not None)
    total, count = 0.0, 0
    for x, y in loader:
        with torch.set_grad_enabled(optimizer is not None):
            loss = gaussian_nll(*model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(model.parameters(), 1.0)
            optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


data = GaugeReadings(5000, seed=90)
order = torch.randperm(len(data)).tolist()
train_loader = DataLoader(Subset(data, order[:4000]), batch_size=64, shuffle=True)
val_loader = DataLoader(Subset(data, order[4000:]), batch_size=500)
model = MeanVarianceNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)
for epoch in range(16):
    train_nll = epoch_loss(model, train_loader, optimizer)
    val_nll = epoch_loss(model, val_loader)
    scheduler.step()
    print(f"epoch {epoch + 1:2d}: train nll {train_nll:+.4f} val nll {val_nll:+.4f}")

model.eval()
with torch.no_grad():
    x, y = map(torch.cat, zip(*val_loader))
    mean, log_var = model(x)
inside = ((y - mean).abs() < 1.96 * torch.exp(0.5 * log_var)).float().mean().item()
print(f"95% interval holds {inside:.4f}, validation nll {val_nll:.4f}")
