"""Vent temperature from a tow-fish's chemistry, three cruises pooled."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(10)
torch.set_num_threads(1)
rng = np.random.default_rng(10)


def cruise(n, depth):
    chem = rng.normal(size=(n, 7))
    chem[:, 6] = depth + 0.3 * rng.normal(size=n)
    temp = 30 * chem[:, 0] - 18 * np.abs(chem[:, 1]) + 14 * chem[:, 2] * chem[:, 3] + 10 * chem[:, 6]
    return chem, 240 + temp + rng.normal(0, 4, n)


cruises = {"2016": cruise(800, -0.5), "2019": cruise(800, 0.2), "2023": cruise(800, 0.6)}

chem = np.concatenate([cruises[c][0] for c in ("2016", "2019", "2023")])
temp = np.concatenate([cruises[c][1] for c in ("2019", "2016", "2023")])
print(chem.shape, temp.shape, f"temperature {temp.mean():.1f} +- {temp.std():.1f} C")

order = rng.permutation(len(temp))
chem, temp = chem[order], temp[order]
cut = 1900
x = torch.tensor((chem - chem[:cut].mean(0)) / chem[:cut].std(0), dtype=torch.float32)
t = torch.tensor((temp - temp[:cut].mean()) / temp[:cut].std(), dtype=torch.float32)


class VentNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(7, 64)
        self.b = nn.Linear(64, 32)
        self.c = nn.Linear(32, 1)

    def forward(self, x):
        x = F.leaky_relu(self.a(x), 0.1)
        x = F.leaky_relu(self.b(x), 0.1)
        return self.c(x)[:, 0]


net = VentNet()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.4, patience=2)
best, waited = float("inf"), 0

for epoch in range(40):
    net.train()
    for rows in torch.randperm(cut).split(50):
        opt.zero_grad()
        F.l1_loss(net(x[rows]), t[rows]).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        fit = F.l1_loss(net(x[:cut]), t[:cut]).item()
        held = F.l1_loss(net(x[cut:]), t[cut:]).item()
    plateau.step(held)
    if held < best - 1e-4:
        best, waited = held, 0
    else:
        waited += 1
    if epoch % 4 == 0:
        print(f"epoch {epoch:2d} mae train {fit:.4f} held out {held:.4f}")
    if waited >= 8:
        print("stopped at epoch", epoch)
        break

print(f"best held-out mae (standardised): {best:.4f}")
