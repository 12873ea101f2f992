# Autumn weight of lambs from spring records, with a spread for each lamb (the auction sets its pens by it).
# Weights depend mostly on weather to come, so most of the variance cannot be known in spring; the simulated
# truth is at hand and is printed beside the model's scores.
import math

import torch
from torch import nn

torch.manual_seed(101)


class Flock:
    def __init__(self, n):
        self.x = torch.randn(n, 7)
        a = self.x
        self.mean = 0.45 * a[:, 0] - 0.3 * a[:, 1] * a[:, 2] + 0.35 * torch.tanh(2 * a[:, 3])
        self.spread = torch.exp(0.1 + 0.5 * torch.tanh(a[:, 4]) + 0.25 * a[:, 5].clamp(-2, 2))
        self.y = self.mean + self.spread * torch.randn(n)

    def gaussian_nll(self, mean, log_spread):
        return (log_spread + 0.5 * ((self.y - mean) / log_spread.exp()).square()).mean() + 0.5 * math.log(2 * math.pi)


class LambNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(7, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.mean, self.log_spread = nn.Linear(width, 1), nn.Linear(width, 1)

    def forward(self, x):
        h = self.hidden(x)
        return self.mean(h).flatten(), self.log_spread(h).flatten().clamp(-4, 3)


train, test = Flock(30000), Flock(8000)
unit = train.y.std()
net = LambNet()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-5)
epochs, batch = 7, 128
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, epochs=epochs, steps_per_epoch=math.ceil(30000 / batch))


@torch.no_grad()
def report(tag):
    mean, log_spread = net(test.x)
    nll = test.gaussian_nll(mean, log_spread).item()
    best = test.gaussian_nll(test.mean, test.spread.log()).item()
    r2 = 1 - (mean - test.y).square().mean() / test.y.var()
    top = 1 - (test.mean - test.y).square().mean() / test.y.var()
    print(f"{tag:<10} test nll {nll:.4f} (truth {best:.4f})   R2 {r2:.4f} (truth {top:.4f})")
    return nll


for epoch in range(epochs):
    for rows in torch.randperm(len(train.x)).split(batch):
        mean, log_spread = net(train.x[rows])
        z = (train.y[rows] - mean) * torch.exp(-log_spread)
        loss = (log_spread + 0.5 * z * z).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    report(f"epoch {epoch + 1}")
print(f"final test nll: {report('end'):.4f}")
