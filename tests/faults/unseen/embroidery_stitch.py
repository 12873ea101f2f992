"""Classify stitches from thread-tension traces."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(1)
torch.set_num_threads(1)

STITCHES = ("satin", "chain", "cross", "running", "feather", "stem", "blanket")


def traces(n, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, len(STITCHES), n)
    t = np.linspace(0, 2 * np.pi, 28)
    freq = 1.0 + 0.3 * kind
    wave = np.sin(freq[:, None] * t + rng.uniform(-1.0, 1.0, (n, 1)))
    wave = wave * rng.uniform(0.7, 1.3, (n, 1)) + 0.7 * rng.standard_normal((n, 28))
    return torch.tensor(wave, dtype=torch.float32), torch.tensor(kind)


class StitchNet(nn.Module):
    def __init__(self, p=0.7):
        super().__init__()
        self.fc1 = nn.Linear(28, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 32)
        self.fc4 = nn.Linear(32, len(STITCHES))
        self.drop = nn.Dropout(p)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = self.drop(torch.relu(self.fc2(x)))
        x = self.drop(torch.relu(self.fc3(x)))
        return self.fc4(x)


def report(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x_train, y_train = traces(3000, seed=100)
x_test, y_test = traces(700, seed=200)
model = StitchNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(25):
    model.train()
    shuffled = np.random.default_rng(epoch).permutation(len(x_train))
    for begin in range(0, len(shuffled), 75):
        rows = shuffled[begin:begin + 75]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 5 == 0:
        tr, te = report(model, x_train, y_train), report(model, x_test, y_test)
        print(f"{epoch + 1:3d}  train loss {tr[0]:.3f} acc {tr[1]:.3f}   test loss {te[0]:.3f} acc {te[1]:.3f}")
