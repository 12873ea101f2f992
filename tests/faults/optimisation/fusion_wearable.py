import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

CHANNELS = {"accel": 3, "gyro": 3, "baro": 1}
ACTIVITIES = 6


class WearableWindows(Dataset):
    def __init__(self, n, seed, steps=50):
        g = np.random.default_rng(seed)
        t = np.arange(steps) / steps
        self.y = g.integers(0, ACTIVITIES, n)
        self.streams = {k: np.zeros((n, c, steps), np.float32) for k, c in CHANNELS.items()}
        for i, act in enumerate(self.y):
            cadence = 4.0 + 1.2 * (act % 3) + 0.25 * g.standard_normal()
            ph = g.uniform(0, 2 * np.pi)
            wave = np.sin(2 * np.pi * cadence * t + ph)
            second = np.sin(4 * np.pi * cadence * t + 2 * ph + (1.5 if act >= 3 else 0.0))
            for k, c in CHANNELS.items():
                mix = g.normal(1.0, 0.3, (c, 1))
                self.streams[k][i] = mix * (wave + 0.7 * second) + 1.0 * g.standard_normal((c, steps))
        for k in self.streams:
            self.streams[k] /= self.streams[k].std()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return {k: torch.from_numpy(v[i]) for k, v in self.streams.items()}, int(self.y[i])


def stream_encoder(channels, feat):
    return nn.Sequential(
        nn.Conv1d(channels, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, feat, 5, padding=2), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten())


class FusionNet(nn.Module):
    def __init__(self, channels, feat=16, n_classes=ACTIVITIES):
        super().__init__()
        self.encoders = {name: stream_encoder(c, feat) for name, c in channels.items()}
        self.classifier = nn.Sequential(
            nn.Linear(feat * len(channels), 48), nn.ReLU(), nn.Dropout(0.3), nn.Linear(48, n_classes))

    def forward(self, streams):
        parts = [self.encoders[name](streams[name]) for name in sorted(streams)]
        return self.classifier(torch.cat(parts, dim=1))


torch.manual_seed(12)
train_dl = DataLoader(WearableWindows(2000, seed=1), batch_size=50, shuffle=True)
test_dl = DataLoader(WearableWindows(500, seed=2), batch_size=250)
net = FusionNet(CHANNELS)
optim = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.StepLR(optim, step_size=7, gamma=0.2)
ce = nn.CrossEntropyLoss()

for epoch in range(1, 11):
    net.train()
    seen = 0.0
    for streams, label in train_dl:
        optim.zero_grad()
        loss = ce(net(streams), label)
        loss.backward()
        optim.step()
        seen += loss.item() * len(label)
    sched.step()
    net.eval()
    with torch.no_grad():
        hits, tl = 0, 0.0
        for streams, label in test_dl:
            logits = net(streams)
            tl += ce(logits, label).item() * len(label)
            hits += (logits.argmax(1) == label).sum().item()
    print(f"{epoch:2d} loss {seen / len(train_dl.dataset):.4f} test_loss {tl / 500:.4f} test_acc {hits / 500:.3f}")
print(f"test accuracy={hits / len(test_dl.dataset):.4f}")
