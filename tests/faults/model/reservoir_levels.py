# level, three days ahead, of a reservoir from 20 days of rain, inflow and draw-off
import numpy as np
import torch
from torch import nn

np.random.seed(40)
torch.manual_seed(40)

days = 4000
season = np.sin(2 * np.pi * np.arange(days) / 365)
rain = np.random.gamma(0.6, 4, days) * (1 + 0.6 * season)
draw = 2.2 - 0.5 * season + 0.3 * np.random.randn(days)
wet = np.zeros(days)
level = np.zeros(days)
level[0] = 50
for d in range(1, days):
    wet[d] = 0.85 * wet[d - 1] + 0.15 * rain[d]
    inflow = 1.15 * wet[d] * (1 + 0.2 * np.tanh(wet[d] - 2))
    level[d] = level[d - 1] + 0.6 * (inflow - draw[d]) - 0.03 * (level[d - 1] - 50)

table = np.stack([rain, draw, level], 1)
m, s = table[:3000].mean(0), table[:3000].std(0)
table = torch.tensor((table - m) / s, dtype=torch.float32)
past = table.unfold(0, 20, 1).transpose(1, 2)[:-3]
target = table[22:, 2]
assert len(past) == len(target)
cut = 2950
xt, yt, xe, ye = past[:cut], target[:cut], past[cut + 22:], target[cut + 22:]


class LevelGRU(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        return self.head(self.gru(x)[1][0])[:, 0]


net = LevelGRU()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.85)
EPOCHS = 3
for ep in range(EPOCHS):
    net.train()
    losses = []
    for rows in torch.randperm(cut).split(75):
        loss = (net(xt[rows]) - yt[rows]).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(float(loss.detach()))
    if (ep + 1) % max(1, EPOCHS // 8) == 0:
        net.eval()
        with torch.no_grad():
            e = (net(xe) - ye).square().mean().sqrt().item() * s[2]
        print(f"epoch {ep + 1}/{EPOCHS} mse {np.mean(losses):.4f} rmse of level {e:.4f} m")
