"""Bulb weight next spring from this autumn's measurements. The weather decides most of it, so R2 stays low."""
import math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
WARM, EPOCHS, BATCH = 150, 8, 64


def bulbs(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 8, generator=g)
    x[:, 1] = 0.7 * x[:, 0] + 0.7 * x[:, 1]
    signal = 0.7 * x[:, 0] + 0.5 * torch.tanh(2 * x[:, 2]) + 0.5 * x[:, 3] * x[:, 4] - 0.4 * x[:, 5].abs()
    weather = 1.8 * torch.randn(n, generator=g)
    return x, signal + weather, signal


x_train, y_train, _ = bulbs(16000, 1)
x_test, y_test, clean = bulbs(4000, 2)
shift, scale = y_train.mean(), y_train.std()
loader = DataLoader(TensorDataset(x_train, (y_train - shift) / scale), batch_size=BATCH, shuffle=True, drop_last=True)

net = nn.Sequential(nn.Linear(8, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1), nn.Flatten(0))
criterion = nn.MSELoss(reduction="sum")          # summed over the batch; the rate below is meant for it
optimizer = torch.optim.SGD(net.parameters(), lr=6e-4, momentum=0.9)
total_steps = EPOCHS * len(loader)


def factor(step):
    if step < WARM:
        return 1e-3 + (1 - 1e-3) * step / WARM
    return 0.5 * (1 + math.cos(math.pi * (step - WARM) / (total_steps - WARM)))


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def r2(prediction, target):
    return 1 - ((prediction - target) ** 2).sum().item() / ((target - target.mean()) ** 2).sum().item()


for epoch in range(1, EPOCHS + 1):
    net.train()
    summed, seen = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        summed += loss.item()
        seen += len(y)
    net.eval()
    with torch.no_grad():
        prediction = net(x_test) * scale + shift
    held = ((prediction - y_test) / scale).pow(2).mean().item()
    print(f"epoch {epoch:2d}  train mse {summed / seen:.4f}  test mse {held:.4f}  R2 {r2(prediction, y_test):.4f}")

print(f"R2 of the noiseless rule itself: {r2(clean, y_test):.4f}")
print(f"bulb weight R2: {r2(prediction, y_test):.4f}")
