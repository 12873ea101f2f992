# Compress 16x16 scans of cast brooches to a 10-number code.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(4)


def cast(n, rng):
    yy, xx = np.mgrid[-1:1:16j, -1:1:16j]
    scans = np.zeros((n, 1, 16, 16), dtype=np.float32)
    for i in range(n):
        cx, cy = rng.uniform(-0.3, 0.3, 2)
        a, b = rng.uniform(0.3, 0.75, 2)
        turn = rng.uniform(0, np.pi)
        u = (xx - cx) * np.cos(turn) + (yy - cy) * np.sin(turn)
        v = -(xx - cx) * np.sin(turn) + (yy - cy) * np.cos(turn)
        r = np.sqrt((u / a) ** 2 + (v / b) ** 2)
        rim = np.exp(-((r - 1) / 0.25) ** 2)
        boss = rng.uniform(0.3, 1.0) * np.exp(-(r / 0.5) ** 2)
        scans[i, 0] = rim + boss
    scans += rng.normal(0, 0.03, scans.shape).astype(np.float32)
    return torch.from_numpy(scans)


class Encoder(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.fc = nn.Linear(16 * 16, code)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.fc(x.flatten(1))


class Decoder(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.fc1 = nn.Linear(code, 96)
        self.fc2 = nn.Linear(96, 192)
        self.out = nn.Linear(192, 256)

    def forward(self, z):
        z = F.relu(self.fc2(F.relu(self.fc1(z))))
        return self.out(z).view(-1, 1, 16, 16)


rng = np.random.default_rng(4)
train, test = cast(3000, rng), cast(600, rng)
mean, std = train.mean(), train.std()
train, test = (train - mean) / std, (test - mean) / std

encoder, decoder = Encoder(), Decoder()
optimizer = torch.optim.Adam(decoder.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=14)

for epoch in range(14):
    total = 0.0
    for rows in torch.randperm(len(train)).split(64):
        batch = train[rows]
        loss = F.mse_loss(decoder(encoder(batch)), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    scheduler.step()
    with torch.no_grad():
        held_out = F.mse_loss(decoder(encoder(test)), test).item()
    print(f"epoch {epoch + 1:2d}: train {total / len(train):.4f}  held-out {held_out:.4f}")

print(f"share of variance lost: {held_out / test.var().item():.4f}")
