# Gesture recognition from 3-axis accelerometer windows. Recordings are filed as gesture_0 ... gesture_11.
import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(21)
torch.manual_seed(21)
CLASSES = [f"gesture_{i}" for i in range(12)]
T = 40


def record(kind, n):
    t = np.linspace(0, 1, T)
    base = np.random.default_rng(100 + kind)
    freq, phase, amp = base.uniform(1, 5, 3), base.uniform(0, 6.28, 3), base.uniform(0.5, 1.5, 3)
    out = []
    for _ in range(n):
        stretch, shift = rng.normal(1, 0.08), rng.normal(0, 0.3)
        wave = amp[:, None] * np.sin(6.28 * freq[:, None] * stretch * t + phase[:, None] + shift)
        out.append(wave + rng.normal(0, 0.5, wave.shape))
    return np.stack(out)


def collect(per_class):
    signals, names = [], []
    for kind, name in enumerate(CLASSES):
        signals.append(record(kind, per_class))
        names += [name] * per_class
    return torch.tensor(np.concatenate(signals), dtype=torch.float32), names


def label_of(name):
    return int(name[-1])


class GestureNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(3, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * (T // 4), n_classes))

    def forward(self, x):
        return self.net(x)


train_x, train_names = collect(120)
test_x, test_names = collect(50)
scale = train_x.std(dim=(0, 2), keepdim=True)
train_x, test_x = train_x / scale, test_x / scale
train_y = torch.tensor([label_of(n) for n in train_names])

net = GestureNet(len(CLASSES))
optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, nesterov=True, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[10, 14], gamma=0.2)
loss_fn = nn.CrossEntropyLoss()


def named_accuracy():
    net.eval()
    with torch.no_grad():
        guess = net(test_x).argmax(1).tolist()
    return float(np.mean([CLASSES[g] == n for g, n in zip(guess, test_names)]))


for epoch in range(16):
    net.train()
    running = 0.0
    for idx in torch.randperm(len(train_x)).split(32):
        loss = loss_fn(net(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    scheduler.step()
    print(f"[{epoch:02d}] loss={running / len(train_x):.4f} test={named_accuracy():.4f}")
print("recognised:", round(named_accuracy(), 4))
