import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(11)
rng = np.random.default_rng(11)

N_SPECIES, N_MELS, N_FRAMES = 24, 16, 20


def make_calls(n):
    start = rng.uniform(2, 13, N_SPECIES)
    slope = rng.uniform(-0.45, 0.45, N_SPECIES)
    wobble = rng.uniform(0.2, 1.4, N_SPECIES)
    y = rng.integers(0, N_SPECIES, n)
    t = np.arange(N_FRAMES)
    centre = start[y, None] + slope[y, None] * (t - 10) + np.sin(t[None] * wobble[y, None])
    centre = centre + rng.normal(0, 0.4, (n, 1))
    mel = np.arange(N_MELS)
    x = np.exp(-0.5 * ((mel[None, None] - centre[:, :, None]) / 1.2) ** 2) * 2
    x = x + rng.normal(0, 0.5, x.shape)
    x = (x - x.mean()) / x.std()
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class CallNet(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.rnn = nn.GRU(N_MELS, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(hidden, N_SPECIES)

    def forward(self, x):
        h, _ = self.rnn(x)
        h = self.drop(h.mean(dim=1))
        return F.softmax(self.out(h), dim=1)


def evaluate(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return right / total


data = TensorDataset(*make_calls(2000))
train_set, val_set = random_split(data, [1600, 400])
train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
val_loader = DataLoader(val_set, batch_size=200)

model = CallNet()
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)

for epoch in range(14):
    model.train()
    losses = []
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1:2d}  train loss {np.mean(losses):.4f}  val acc {evaluate(model, val_loader):.3f}")

print(f"validation accuracy {evaluate(model, val_loader):.4f}")
