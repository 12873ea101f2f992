# Discharge anomaly of a river from the last 32 hours of rain, melt and temperature (causal convolutions).
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

np.random.seed(12)
torch.manual_seed(5)


def simulate(hours=4200):
    rain = np.random.gamma(0.3, 2.0, hours)
    season = np.convolve(np.random.randn(hours + 199), np.ones(200) / 40, mode="valid")
    temp = 6 * np.sin(np.arange(hours) * 2 * np.pi / 24) + 6 * season
    melt = np.maximum(temp, 0) * 0.3
    kernel = np.exp(-np.arange(24) / 6.0)
    flow = np.convolve(rain * (1 + 0.08 * melt), kernel)[:hours] + np.convolve(melt, kernel)[:hours] * 0.7
    flow = np.log(flow + 2) + 0.05 * np.random.randn(hours)
    return np.stack([rain, melt, temp], 1), flow


class Windows(Dataset):
    def __init__(self, series, target, width=32):
        self.series = torch.tensor(series, dtype=torch.float32)
        self.target = torch.tensor(target, dtype=torch.float32)
        self.width = width

    def __len__(self):
        return len(self.series) - self.width

    def __getitem__(self, i):
        return self.series[i + 1:i + 1 + self.width].T, self.target[i + self.width]


class CausalBlock(nn.Module):
    def __init__(self, cin, cout, dilation):
        super().__init__()
        self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.conv = nn.Conv1d(cin, cout, 3, dilation=dilation)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(self.pad(x)))


class TCN(nn.Module):
    def __init__(self, channels=24):
        super().__init__()
        self.blocks = nn.Sequential(CausalBlock(3, channels, 1), CausalBlock(channels, channels, 2),
                                    CausalBlock(channels, channels, 4), CausalBlock(channels, channels, 8))
        self.fc1 = nn.Linear(channels, 16)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, x):
        h = self.blocks(x)[:, :, -1]
        h = torch.relu(self.fc1(h))
        return torch.relu(self.fc2(h)).squeeze(1)


series, flow = simulate()
cut = 3200
mu, sd = series[:cut].mean(0), series[:cut].std(0)
series = (series - mu) / sd
flow = (flow - flow[:cut].mean()) / flow[:cut].std()
train = DataLoader(Windows(series[:cut], flow[:cut]), batch_size=64, shuffle=True)
test = DataLoader(Windows(series[cut:], flow[cut:]), batch_size=256)

net = TCN()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
for epoch in range(10):
    net.train()
    losses = []
    for xb, yb in train:
        loss = nn.functional.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    print(f"[{epoch}] mse {np.mean(losses):.4f}")

net.eval()
with torch.no_grad():
    out = [(net(xb), yb) for xb, yb in test]
pred, true = torch.cat([o[0] for o in out]), torch.cat([o[1] for o in out])
nse = 1 - ((pred - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()
print(f"Nash-Sutcliffe efficiency on the test year: {nse.item():.4f}")
