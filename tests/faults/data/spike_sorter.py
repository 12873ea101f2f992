"""Sort neural spikes by unit; mini-batches are drawn by a sampler object."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

UNITS, SAMPLES = 8, 32


def record(n, seed):
    r = np.random.default_rng(seed)
    t = np.linspace(-1, 1, SAMPLES)
    shapes = np.random.default_rng(1000)
    width, centre, depth = shapes.uniform(0.1, 0.3, UNITS), shapes.uniform(-0.3, 0.3, UNITS), shapes.uniform(0.8, 1.6, UNITS)
    unit = r.integers(0, UNITS, n)
    jitter = 0.05 * r.normal(size=(n, 1))
    wave = -depth[unit, None] * np.exp(-((t - centre[unit, None] - jitter) / width[unit, None]) ** 2)
    wave += 0.5 * depth[unit, None] * np.exp(-((t - centre[unit, None] - jitter - 0.35) / 0.2) ** 2)
    return (wave + 0.12 * r.normal(size=wave.shape)).astype(np.float32), unit


class BatchSampler:
    def __init__(self, x, y, batch_size, seed):
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.batch_size, self.seed = batch_size, seed
        self.rng = np.random.default_rng(seed)

    def draw(self):
        rng = np.random.default_rng(self.seed)
        idx = torch.from_numpy(rng.choice(len(self.y), self.batch_size, replace=False))
        return self.x[idx], self.y[idx]


class SpikeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 12, 5, padding=2)
        self.norm = nn.BatchNorm1d(12)
        self.fc = nn.Linear(12 * SAMPLES // 2, UNITS)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.norm(self.conv(x.unsqueeze(1)))), 2)
        return self.fc(x.flatten(1))


def main(steps=1400):
    torch.manual_seed(9)
    x, y = record(4000, 9)
    mean, std = x.mean(), x.std()
    xt, yt = record(1000, 10)
    xt, yt = torch.from_numpy((xt - mean) / std), torch.from_numpy(yt)
    sampler = BatchSampler((x - mean) / std, y, 64, seed=9)
    net = SpikeNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    for step in range(1, steps + 1):
        net.train()
        spikes, units = sampler.draw()
        optimizer.zero_grad()
        loss = F.cross_entropy(net(spikes), units)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            net.eval()
            with torch.no_grad():
                acc = (net(xt).argmax(1) == yt).float().mean().item()
            print(f"step {step:4d}  loss {loss.item():.4f}  test accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
