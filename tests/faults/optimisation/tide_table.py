# Tide height 6 steps ahead from the last 48 readings
import math
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import MultiStepLR

torch.manual_seed(17)
LOOKBACK, AHEAD = 48, 6

n = 2600
t = torch.arange(n).float()
height = (torch.sin(2 * math.pi * t / 12.42) + 0.5 * torch.sin(2 * math.pi * t / 12.0 + 0.7)
          + 0.35 * torch.sin(2 * math.pi * t / 25.8 + 1.9) + 0.25 * torch.sin(2 * math.pi * t / 6.21) ** 2)
height = height + 0.08 * torch.randn(n)
height = (height - height[:2000].mean()) / height[:2000].std()

windows = height.unfold(0, LOOKBACK + AHEAD, 1)
X, Y = windows[:, :LOOKBACK], windows[:, -1:]
split = 2000 - LOOKBACK - AHEAD
X_train, Y_train = X[:split], Y[:split]
X_test, Y_test = X[2000:], Y[2000:]


class TideNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(LOOKBACK, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x)


net = TideNet()
mse = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4)
scheduler = MultiStepLR(optimizer, milestones=[20, 30, 36], gamma=0.1)

EPOCHS, BS = 40, 64
for epoch in range(EPOCHS):
    net.train()
    perm = torch.randperm(split)
    epoch_loss = 0.0
    for i in range(0, split, BS):
        j = perm[i:i + BS]
        optimizer.zero_grad()
        loss = mse(net(X_train[j]), Y_train[j])
        loss.backward()
        optimizer.step()
        scheduler.step()
        epoch_loss += loss.item() * len(j)
    net.eval()
    with torch.no_grad():
        test = mse(net(X_test), Y_test).item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:3d}  train {epoch_loss / split:.4f}  test {test:.4f}")
print(f"test MSE {test:.5f}")
