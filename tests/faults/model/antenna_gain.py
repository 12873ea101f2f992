import math
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader


def array_pattern(n, generator):
    az = (torch.rand(n, generator=generator) * 2 - 1) * math.pi / 2
    el = (torch.rand(n, generator=generator) * 2 - 1) * math.pi / 2
    steer = (torch.rand(n, generator=generator) * 2 - 1) * 0.6
    u = torch.sin(az) * torch.cos(el) - steer
    af = sum(torch.cos(k * 0.8 * u + 0.2 * k * torch.sin(el)) for k in range(-1, 2)) / 3
    gain = 10 * torch.log10(af ** 2 + 0.15)
    feats = torch.stack([torch.sin(az), torch.sin(el), torch.cos(el) * 2 - 1.3, steer / 0.35], 1)
    return feats, gain + 0.2 * torch.randn(n, generator=generator)


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight)
        nn.init.zeros_(module.bias)


def build(width=64):
    net = nn.Sequential(
        nn.Linear(4, width), nn.Tanh(),
        nn.Linear(width, width), nn.Tanh(),
        nn.Linear(width, 1))
    return net.apply(init_weights)


@torch.no_grad()
def rmse(net, x, y, scale):
    return (net(x).squeeze(1) - y).pow(2).mean().sqrt().item() * scale


g = torch.Generator().manual_seed(2)
torch.manual_seed(2)
x_train, gain_train = array_pattern(3000, g)
x_test, gain_test = array_pattern(1000, g)
mean, std = gain_train.mean(), gain_train.std()
y_train, y_test = (gain_train - mean) / std, (gain_test - mean) / std

net = build()
optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.93)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=60, shuffle=True)
mse = nn.MSELoss()
for epoch in range(45):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = mse(net(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    scheduler.step()
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1}: train mse {total / len(x_train):.4f}, "
              f"test rmse {rmse(net, x_test, y_test, std.item()):.3f} dB")
print(f"RMSE on test directions: {rmse(net, x_test, y_test, std.item()):.4f}")
