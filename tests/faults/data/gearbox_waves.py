import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, DataLoader

SEED = 3
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)

N, T, CLASSES = 1600, 96, 5


def make_waves():
    t = np.arange(T) / T
    xs, ys = [], []
    for i in range(N):
        k = i % CLASSES
        amp = rng.uniform(0.6, 1.4)
        s = amp * np.sin(2 * np.pi * (4 * t + rng.random()))
        s += 0.6 * (k % 3) * np.sin(2 * np.pi * (11 * t + rng.random()))
        if k >= 3:
            c = rng.integers(20, 76)
            s[c:c + 8] += 1.6
        s += 0.45 * rng.normal(size=T)
        xs.append(0.25 + 0.85 * s)      # volts from the ADC
        ys.append(k)
    return np.stack(xs).astype(np.float32), np.array(ys)


class WaveSet(Dataset):
    def __init__(self, x, y, transform=None):
        self.x, self.y, self.transform = x, y, transform

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        x = torch.from_numpy(self.x[i])
        if self.transform is not None:
            x = self.transform(x)
        return x.unsqueeze(0), int(self.y[i])


class Standardize:
    def __init__(self, mean, std):
        self.mean, self.std = float(mean), float(std)

    def __call__(self, x):
        return (x - self.mean) / self.std


class WaveCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(1, 16, 7, padding=3)
        self.c2 = nn.Conv1d(16, 32, 5, padding=2)
        self.out = nn.Linear(32, CLASSES)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.max_pool1d(F.relu(self.c2(x)), 2)
        return self.out(x.mean(2) + x.amax(2))


X, y = make_waves()
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, stratify=y, random_state=SEED)
norm = Standardize(X_tr.mean(), X_tr.std())
train_ds = WaveSet(X_tr, y_tr, transform=norm)
test_ds = WaveSet(X_te, y_te)
train_dl = DataLoader(train_ds, batch_size=32, shuffle=True)
test_dl = DataLoader(test_ds, batch_size=200)

net = WaveCNN()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(16):
    net.train()
    tot = hit = 0
    for xb, yb in train_dl:
        opt.zero_grad()
        out = net(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(yb)
        hit += (out.argmax(1) == yb).sum().item()
    net.eval()
    ok, vl = 0, 0.0
    with torch.no_grad():
        for xb, yb in test_dl:
            out = net(xb)
            ok += (out.argmax(1) == yb).sum().item()
            vl += F.cross_entropy(out, yb, reduction="sum").item()
    print(f"[{epoch + 1:02d}] train loss {tot / len(train_ds):.3f} train acc {hit / len(train_ds):.3f} | test loss {vl / len(test_ds):.3f} test acc {ok / len(test_ds):.4f}")
