"""Rowing stroke faults from three-axis oar sensors: a small dilated CNN and a predictor class for the boathouse app."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(6)
rs = np.random.RandomState(6)
FAULTS = ["clean", "early_catch", "washing_out", "rushed_slide", "skying"]
T = 40
SCALE = np.array([1.2, 0.8, 1.9])      # m/s2, rad/s, 100 N
OFFSET = np.array([0.2, 0.1, 0.3])


def simulate(n):
    labels = rs.randint(0, len(FAULTS), n)
    t = np.linspace(0, 2 * np.pi, T)
    out = np.empty((n, 3, T))
    for i, c in enumerate(labels):
        ph = rs.uniform(-0.6, 0.6)
        a = np.sin(t + ph) + (0.8 if c == 1 else 0.0) * np.sin(3 * t + ph)
        b = np.cos(t + ph) * (0.5 if c == 2 else 1.0) + (0.6 if c == 4 else 0.0) * np.sin(2 * t + ph)
        f = np.clip(np.sin(t + ph), 0, 1) * (1.5 if c == 3 else 1.0)
        out[i] = np.stack([a, b, f]) + rs.normal(0, 0.45, (3, T))
    return (out * SCALE[:, None] + OFFSET[:, None]).astype(np.float32), labels


def block(cin, cout, dilation):
    return nn.Sequential(nn.Conv1d(cin, cout, 3, padding=dilation, dilation=dilation), nn.BatchNorm1d(cout), nn.ReLU())


class StrokeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(block(3, 16, 1), block(16, 16, 2), block(16, 32, 4))
        self.fc = nn.Linear(32, len(FAULTS))

    def forward(self, x):
        return self.fc(self.stack(x).mean(dim=2))


class Predictor:
    def __init__(self, model, mean, std):
        self.model, self.mean, self.std = model, mean, std

    @torch.no_grad()
    def __call__(self, windows):
        self.model.eval()
        x = torch.from_numpy(windows)
        x = (x - x.mean(dim=(1, 2), keepdim=True)) / x.std(dim=(1, 2), keepdim=True)
        return self.model(x).argmax(1).numpy()


Xtr, ytr = simulate(1500)
Xva, yva = simulate(500)
mean = torch.from_numpy(Xtr.mean(axis=(0, 2), keepdims=True))
std = torch.from_numpy(Xtr.std(axis=(0, 2), keepdims=True))
inputs, targets = (torch.from_numpy(Xtr) - mean) / std, torch.from_numpy(ytr)

net = StrokeNet()
predict = Predictor(net, mean, std)
optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=12)
for epoch in range(12):
    net.train()
    running = 0.0
    for batch in torch.randperm(len(inputs)).split(50):
        loss = nn.functional.cross_entropy(net(inputs[batch]), targets[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        running += loss.item() * len(batch)
    scheduler.step()
    print(f"epoch {epoch + 1:2d} | train loss {running / len(inputs):.4f} | val acc {(predict(Xva) == yva).mean():.4f}")

print(f"stroke fault accuracy {(predict(Xva) == yva).mean():.4f}")
