import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, random_split

torch.manual_seed(19)


class Encoder(nn.Module):
    def __init__(self, code=12):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, stride=2, padding=1)
        self.c2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.fc = nn.Linear(32 * 4, code)

    def forward(self, x):
        x = F.gelu(self.c1(x))
        x = F.gelu(self.c2(x))
        return self.fc(x.flatten(1))


class Decoder(nn.Module):
    def __init__(self, code=12):
        super().__init__()
        self.fc = nn.Linear(code, 32 * 4)
        self.d1 = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)
        self.d2 = nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1)

    def forward(self, z):
        x = F.gelu(self.fc(z)).view(-1, 32, 2, 2)
        return self.d2(F.gelu(self.d1(x)))


def psnr(mse, peak):
    return 10 * math.log10(peak ** 2 / mse)


images = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1)
train_set, val_set = random_split(images, [1400, 397])
mean, std = images[train_set.indices].mean(), images[train_set.indices].std()
prepare = lambda batch: (batch - mean) / std
peak = (16 / std).item()

encoder, decoder = Encoder(), Decoder()
optimizer = torch.optim.Adam(decoder.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.2e-2, total_steps=30 * 22)
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
val_loader = DataLoader(val_set, batch_size=128)

for epoch in range(30):
    encoder.train(), decoder.train()
    running = 0.0
    for batch in train_loader:
        x = prepare(batch)
        recon = decoder(encoder(x))
        loss = F.mse_loss(recon, x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item() * len(x)
    encoder.eval(), decoder.eval()
    with torch.no_grad():
        sq = sum(F.mse_loss(decoder(encoder(prepare(b))), prepare(b), reduction="sum").item() for b in val_loader)
    val = sq / (len(val_set) * 64)
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1}/30: train mse {running / len(train_set):.4f}, val mse {val:.4f}, PSNR {psnr(val, peak):.1f} dB")
print(f"validation reconstruction MSE: {val:.4f}")
