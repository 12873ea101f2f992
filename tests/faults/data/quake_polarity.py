"""Wave type from three-component seismograms: a shared network looks at every (Z, N, E) sample, then pools over time."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

WAVES = ["P near", "SV near", "Rayleigh near", "P far", "SV far", "Rayleigh far"]


def seismogram(kind, rng, steps=60):
    t = np.arange(steps)
    period = rng.uniform(6, 8) if kind < 3 else rng.uniform(16, 22)
    phase = rng.uniform(0, 2 * np.pi)
    window = np.exp(-0.5 * ((t - rng.uniform(22, 38)) / 14) ** 2)
    radial = window * np.sin(2 * np.pi * t / period + phase)
    quadrature = window * np.cos(2 * np.pi * t / period + phase)
    vertical = (radial, -radial, quadrature)[kind % 3]
    azimuth = rng.uniform(np.pi / 6, np.pi / 3)
    trace = np.stack([vertical, radial * np.cos(azimuth), radial * np.sin(azimuth)])
    return trace * rng.uniform(1.5, 2.0) + 0.7 * rng.standard_normal(trace.shape)


def archive(n, seed):
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(WAVES), n)
    traces = np.stack([seismogram(k, rng) for k in kinds])
    traces = traces / traces.std(axis=(0, 2), keepdims=True)
    return torch.tensor(traces, dtype=torch.float32), torch.tensor(kinds)


class SampleNet(nn.Module):
    def __init__(self, components=3, width=48):
        super().__init__()
        self.components = components
        self.embed = nn.Sequential(
            nn.Linear(2 * components, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.classify = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, len(WAVES)))

    def forward(self, traces):
        samples = traces.view(traces.size(0), -1, self.components)
        lagged = torch.cat([samples[:, 2:], samples[:, :-2]], dim=-1)
        return self.classify(self.embed(lagged).mean(dim=1))


@torch.no_grad()
def check(net, loader):
    net.eval()
    total, right = 0.0, 0
    for traces, kind in loader:
        out = net(traces)
        total += nn.functional.cross_entropy(out, kind, reduction="sum").item()
        right += (out.argmax(1) == kind).sum().item()
    n = len(loader.dataset)
    return total / n, right / n


torch.manual_seed(64)
train_loader = DataLoader(TensorDataset(*archive(2400, 1)), batch_size=60, shuffle=True)
test_loader = DataLoader(TensorDataset(*archive(600, 2)), batch_size=300)
net = SampleNet()
optimizer = torch.optim.NAdam(net.parameters(), lr=3e-3)
for epoch in range(1, 11):
    net.train()
    for traces, kind in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(traces), kind)
        loss.backward()
        optimizer.step()
    if epoch % 2 == 0:
        print("epoch %d  train %.3f/%.3f  test %.3f/%.3f" % (epoch, *check(net, train_loader), *check(net, test_loader)))
print("wave type accuracy %.4f" % check(net, test_loader)[1])
