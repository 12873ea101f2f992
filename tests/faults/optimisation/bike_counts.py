import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 31
np.random.seed(SEED)
torch.manual_seed(SEED)


def simulate(n):
    hour = np.random.uniform(0, 24, n)
    temp = np.random.normal(0, 1, n)
    rain = np.random.exponential(1.0, n)
    level = 1.5 * np.exp(-((hour - 8) / 2) ** 2) + 1.8 * np.exp(-((hour - 18) / 2.5) ** 2)
    y = level * (1 + 0.3 * temp) * np.exp(-0.3 * rain) + 0.1 * np.random.normal(0, 1, n)
    X = np.stack([np.sin(hour / 24 * 2 * np.pi), np.cos(hour / 24 * 2 * np.pi),
                  np.sin(hour / 12 * 2 * np.pi), np.cos(hour / 12 * 2 * np.pi), temp, rain], 1)
    return X, y


X, y = simulate(3000)
X = (X - X[:2400].mean(0)) / X[:2400].std(0)
y = (y - y[:2400].mean()) / y[:2400].std()
X, y = torch.FloatTensor(X), torch.FloatTensor(y).view(-1, 1)
loaders = {
    "train": DataLoader(TensorDataset(X[:2400], y[:2400]), batch_size=40, shuffle=True),
    "val": DataLoader(TensorDataset(X[2400:], y[2400:]), batch_size=600),
}
net = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.997)
criterion = nn.MSELoss()

for epoch in range(25):
    stats = {}
    for phase in ("train", "val"):
        net.train(phase == "train")
        total = 0.0
        for xb, yb in loaders[phase]:
            with torch.set_grad_enabled(phase == "train"):
                loss = criterion(net(xb), yb)
            if phase == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(xb)
        stats[phase] = total / len(loaders[phase].dataset)
    if epoch % 3 == 0 or epoch == 24:
        print(f"Epoch {epoch}/24  " + "  ".join(f"{k} loss {v:.4f}" for k, v in stats.items()))
