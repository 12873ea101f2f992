import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)


def axle_signal(n, length=40):
    """Vibration of an axle; the target is the load that modulates it."""
    t = torch.arange(length) / length
    load = torch.rand(n, 1) * 2 - 1
    freq = 3 + 1.5 * load + 0.2 * torch.randn(n, 1)
    decay = torch.exp(-(1.0 + 0.8 * torch.rand(n, 1)) * t)
    sig = torch.sin(2 * math.pi * (freq * t + torch.rand(n, 1))) * decay
    sig = sig + 0.1 * torch.randn(n, length)
    sig = (sig - sig.mean()) / sig.std()
    return sig.unsqueeze(-1), load / load.std()


class AxleGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        seq, _ = self.gru(x)
        return self.out(seq.mean(dim=1))


def run_epoch(model, loader, optimizer, loss_fn):
    model.train()
    total, count = 0.0, 0
    optimizer.zero_grad()
    for x, y in loader:
        loss = loss_fn(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += loss.item() * x.size(0)
        count += x.size(0)
    return total / count


x, y = axle_signal(1800)
x_val, y_val = axle_signal(500)
loader = DataLoader(TensorDataset(x, y), batch_size=36, shuffle=True)
model = AxleGRU()
optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.92)
loss_fn = nn.MSELoss()

for epoch in range(1, 13):
    train_loss = run_epoch(model, loader, optimizer, loss_fn)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val_loss = loss_fn(model(x_val), y_val).item()
    print(f"{epoch:3d} train {train_loss:.4f} val {val_loss:.4f}")

print(f"val mse: {val_loss:.4f}")
