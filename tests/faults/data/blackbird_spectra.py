import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(8)
torch.manual_seed(8)
N_SPECIES = 6
BANDS, FRAMES = 16, 20


def call(species):
    """A short spectrogram: two frequency bands pulse with a species' own spacing."""
    low, high = [(2, 9), (3, 12), (5, 10), (2, 12), (6, 13), (4, 9)][species]
    spec = rng.normal(0, 1.0, (BANDS, FRAMES))
    centre = rng.integers(6, 14)
    t = np.arange(FRAMES)
    envelope = np.exp(-0.5 * ((t - centre) / 3.5) ** 2)
    for band in (low, high):
        band = band + rng.integers(-1, 2) * (rng.random() < 0.5)
        spec[band] += 2.4 * envelope
    return spec


def recordings(n):
    y = rng.integers(0, N_SPECIES, n)
    x = np.stack([call(k) for k in y]).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


x_train, y_train = recordings(1500)
x_test, y_test = recordings(800)
mean, std = x_train.mean(), x_train.std()
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std

# double the training set with time-reversed copies
x_train = torch.cat([x_train, x_train.flip(0)])
y_train = torch.cat([y_train, y_train])


class SpectroCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, (3, 5), padding=(1, 2))
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.drop = nn.Dropout(0.4)
        self.fc = nn.Linear(16 * BANDS, N_SPECIES)

    def forward(self, x):
        x = F.relu(self.conv1(x.unsqueeze(1)))
        x = F.relu(self.conv2(x)).mean(dim=3)
        return self.fc(self.drop(x.flatten(1)))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


model = SpectroCNN()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for epoch in range(10):
    model.train()
    perm = torch.randperm(len(x_train))
    for start in range(0, len(perm), 50):
        batch = perm[start:start + 50]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    test_loss, test_acc = evaluate(model, x_test, y_test)
    print("epoch", epoch, "loss %.3f" % loss.item(), "test loss %.3f" % test_loss, "test acc %.4f" % test_acc)

print("accuracy %.4f" % test_acc)
print("final test cross-entropy: %.4f" % test_loss)
