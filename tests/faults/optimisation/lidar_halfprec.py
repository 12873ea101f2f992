"""Range-scan place recognition, trained with autocast and a gradient scaler."""
import numpy as np
import torch
from torch import nn
from torch.amp import GradScaler, autocast
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
gen = np.random.default_rng(14)
BEAMS, PLACES = 64, 6
base = np.cumsum(gen.normal(size=(PLACES, BEAMS)), axis=1)
base = (base - base.mean(1, keepdims=True)) / base.std(1, keepdims=True)


def scans(n):
    y = gen.integers(0, PLACES, n)
    x = np.stack([np.roll(base[k], gen.integers(0, BEAMS)) for k in y])
    x = x * gen.uniform(0.8, 1.2, size=(n, 1)) + 0.45 * gen.normal(size=x.shape)
    return TensorDataset(torch.tensor(x, dtype=torch.float32).unsqueeze(1), torch.tensor(y))


class ScanNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, 16, 9, padding=4, padding_mode="circular"), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 9, padding=4, padding_mode="circular"), nn.BatchNorm1d(32), nn.ReLU())
        self.fc = nn.Linear(32, PLACES)

    def forward(self, x):
        return self.fc(self.conv(x).amax(dim=-1))


train_loader = DataLoader(scans(1500), batch_size=50, shuffle=True)
test_loader = DataLoader(scans(500), batch_size=250)
model = ScanNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scaler = GradScaler("cpu", init_scale=2.0 ** 10, growth_interval=100)
criterion = nn.CrossEntropyLoss()

for epoch in range(10):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad(set_to_none=True)
        with autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=5.0)
        scaler.step(optimizer)
        scaler.update()
        running += loss.item()
    model.eval()
    hits = 0
    with torch.no_grad():
        for x, y in test_loader:
            hits += (model(x).argmax(1) == y).sum().item()
    print(f"epoch {epoch + 1}: loss {running / len(train_loader):.4f}, test acc {hits / 500:.4f}, scale {scaler.get_scale():.0f}")
