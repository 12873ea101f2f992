import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class ExposurePairs(Dataset):
    """Two independent noisy exposures of the same star spectrum; no clean spectrum is used for training."""

    def __init__(self, n, seed, bins=80, noise=1.0):
        rng = np.random.default_rng(seed)
        grid = np.arange(bins)
        clean = np.zeros((n, bins))
        for _ in range(4):
            centre, width = rng.uniform(0, bins, (n, 1)), rng.uniform(2, 6, (n, 1))
            depth = rng.normal(0, 1.6, (n, 1))
            clean += depth * np.exp(-((grid - centre) / width) ** 2)
        self.clean = torch.tensor(clean, dtype=torch.float32).unsqueeze(1)
        self.first = self.clean + noise * torch.tensor(rng.normal(size=(n, 1, bins)), dtype=torch.float32)
        self.second = self.clean + noise * torch.tensor(rng.normal(size=(n, 1, bins)), dtype=torch.float32)

    def __len__(self):
        return len(self.first)

    def __getitem__(self, i):
        if torch.rand(()) < 0.5:
            return self.first[i], self.second[i]
        return self.second[i], self.first[i]


class Denoiser(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.enter = nn.Conv1d(1, width, 7, padding=3)
        self.mid = nn.ModuleList([nn.Conv1d(width, width, 7, padding=3 * d, dilation=d) for d in (1, 2)])
        self.leave = nn.Conv1d(width, 1, 1)

    def forward(self, x):
        h = nn.functional.gelu(self.enter(x))
        for conv in self.mid:
            h = h + nn.functional.gelu(conv(h))
        return self.leave(h)


def report(model, data):
    model.eval()
    with torch.no_grad():
        out = model(data.first)
    return nn.functional.mse_loss(out, data.second).item(), nn.functional.mse_loss(out, data.clean).item()


torch.manual_seed(41)
train_set, held_out = ExposurePairs(1600, 0), ExposurePairs(500, 1)
loader = DataLoader(train_set, batch_size=50, shuffle=True)
model = Denoiser()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=10)
for epoch in range(10):
    model.train()
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    paired, true = report(model, held_out)
    print(f"epoch {epoch + 1:2d}  train {np.mean(losses):.4f}  held-out pair {paired:.4f}  against clean {true:.4f}")
print(f"raw exposure error {nn.functional.mse_loss(held_out.first, held_out.clean).item():.4f}")
print(f"denoised error {true:.4f}")
