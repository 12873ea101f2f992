import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

np.random.seed(21)
torch.manual_seed(21)

N_TRAIN, N_TEST, LENGTH = 1500, 500, 96


def beat(kind):
    """One heart beat as the 10-bit converter delivers it."""
    t = np.linspace(-1, 1, LENGTH)
    shift = np.random.uniform(-0.15, 0.15)
    qrs_width = {0: 0.05, 1: 0.11, 2: 0.05}[kind] * np.random.uniform(0.85, 1.2)
    t_wave = {0: 0.3, 1: 0.3, 2: -0.18}[kind] + 0.1 * np.random.randn()
    wave = np.exp(-((t - shift) / qrs_width) ** 2) + t_wave * np.exp(-((t - shift - 0.45) / 0.14) ** 2)
    wave += 0.1 * np.random.randn(LENGTH) + 0.15 * np.random.randn()
    return np.round(512 + 60 * wave).clip(0, 1023)


def load(n):
    kinds = np.random.randint(0, 3, n)
    beats = np.stack([beat(k) for k in kinds])
    return torch.from_numpy(beats).float()[:, None, :], torch.from_numpy(kinds)


X_train, y_train = load(N_TRAIN)
X_test, y_test = load(N_TEST)


class BeatNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 12, 9, padding=4)
        self.conv2 = nn.Conv1d(12, 24, 9, padding=4)
        self.fc1 = nn.Linear(24 * (LENGTH // 16), 48)
        self.fc2 = nn.Linear(48, 3)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 4)
        x = F.max_pool1d(F.relu(self.conv2(x)), 4)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


model = BeatNet()
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-4)
for epoch in range(14):
    model.train()
    perm = torch.randperm(N_TRAIN)
    losses = []
    for start in range(0, N_TRAIN, 30):
        batch = perm[start:start + 30]
        loss = F.cross_entropy(model(X_train[batch]), y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        out = model(X_test)
        test_loss = F.cross_entropy(out, y_test).item()
        acc = (out.argmax(1) == y_test).float().mean().item()
    print("Epoch {:2d}  train loss {:.4f}  test loss {:.4f}  test acc {:.4f}".format(epoch + 1, np.mean(losses), test_loss, acc))
print(f"Accuracy on held-out beats: {acc:.4f}")
