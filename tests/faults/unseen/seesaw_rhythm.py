"""Playground seesaw accelerometer: a GRU names the riders' rhythm from noisy sequences."""
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

torch.set_num_threads(1)


class Rides(Dataset):
    rhythms = ("even", "long-short", "skipping", "slowing")

    def __init__(self, n, seed, steps=36):
        g = torch.Generator().manual_seed(seed)
        self.y = torch.randint(0, 4, (n,), generator=g)
        t = torch.arange(steps).float()
        start = 6.28 * torch.rand(n, 1, generator=g)
        rate = 0.55 + 0.05 * torch.randn(n, 1, generator=g)
        base = rate * t + start
        kind = self.y[:, None]
        phase = torch.where(kind == 1, base + 0.8 * torch.sin(base), base)
        phase = torch.where(kind == 3, start + rate * t * (1.15 - 0.012 * t), phase)
        wave = torch.sin(phase)
        wave = torch.where((kind == 2) & (torch.sin(base / 2) > 0.2), 0.1 * wave, wave)
        self.x = (wave + 0.35 * torch.randn(n, steps, generator=g)).unsqueeze(-1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class RhythmGRU(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 32, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, 4)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.fc(out.mean(1))


torch.manual_seed(70)
train = DataLoader(Rides(2000, 1), batch_size=50, shuffle=True)
test = DataLoader(Rides(600, 2), batch_size=200)
model = RhythmGRU()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(12):
    model.train()
    loss_sum = 0.0
    for x, y in train:
        opt.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        opt.step()
        loss_sum += loss.item()
    sched.step()
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in test)
    print(f"epoch {epoch + 1:2d} loss {loss_sum / len(train):.3f} test accuracy {right / 600:.3f}")
