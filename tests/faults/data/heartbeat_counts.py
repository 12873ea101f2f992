import math
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
np.random.seed(0)
FS, LEN, CLASSES = 64, 96, 3   # 10-bit converter, baseline near mid scale


def beat(kind):
    t = np.arange(LEN) / FS
    centre = 0.75 + 0.08 * np.random.randn()
    width = {0: 0.030, 1: 0.055, 2: 0.030}[kind] * np.random.uniform(0.85, 1.15)
    wave = np.exp(-0.5 * ((t - centre) / width) ** 2)
    wave -= 0.25 * np.exp(-0.5 * ((t - centre - 2.2 * width) / width) ** 2)
    t_wave = 0.30 * np.exp(-0.5 * ((t - centre - 0.28) / 0.06) ** 2)
    wave += -t_wave if kind == 2 else t_wave
    drift = 0.1 * math.sin(np.random.uniform(0, 6)) + 0.1 * np.sin(2 * np.pi * 0.4 * t + np.random.uniform(0, 6))
    return 512 + 80 * (wave + drift + 0.10 * np.random.randn(LEN))


def load_beats(n):
    y = np.random.randint(0, CLASSES, n)
    x = np.stack([beat(k) for k in y])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class BeatNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 12, 7, stride=2, padding=3), nn.ReLU(),
            nn.Conv1d(12, 16, 5, stride=2, padding=2), nn.ReLU(),
            nn.AdaptiveMaxPool1d(6))
        self.classifier = nn.Linear(16 * 6, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x.unsqueeze(1)).flatten(1))


X, Y = load_beats(1600)
X_train, Y_train = X[:1200], Y[:1200]
X_val, Y_val = X[1200:], Y[1200:]

net = BeatNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
epochs, bs = 13, 40
for ep in range(epochs):
    net.train()
    perm = torch.randperm(len(X_train))
    ep_loss = 0
    for b in perm.split(bs):
        opt.zero_grad()
        l = ce(net(X_train[b]), Y_train[b])
        l.backward()
        opt.step()
        ep_loss += l.item() * len(b)
    net.eval()
    with torch.no_grad():
        out = net(X_val)
        acc = (out.argmax(1) == Y_val).float().mean().item()
        print(f"epoch {ep + 1}/{epochs} loss={ep_loss / len(X_train):.4f} val_loss={ce(out, Y_val).item():.4f} val_acc={acc:.4f}")
