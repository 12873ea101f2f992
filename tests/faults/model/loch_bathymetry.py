"""Fit the depth of a loch from survey positions, so that the chart can be drawn at any resolution."""
import math
import torch
from torch import nn, optim


def depth_at(p):
    x, y = p[:, 0], p[:, 1]
    basin = -((x / 1.1) ** 2 + (y / 0.9) ** 2)
    holes = 1.2 * torch.exp(-((x - 0.5) ** 2 + (y + 0.3) ** 2) / 0.1) + torch.exp(-((x + 0.6) ** 2 + (y - 0.4) ** 2) / 0.15)
    return basin + holes + 0.3 * torch.sin(4 * x) * torch.cos(3 * y)


class DepthNet(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.a = nn.Linear(2, units)
        self.b = nn.Linear(units, units)
        self.c = nn.Linear(units, 1)
        self.act = nn.SiLU()

    def forward(self, p):
        return self.c(self.act(self.b(self.act(self.a(p))))).squeeze(1)


class Survey:
    def __init__(self, n_train=3000, n_test=1000, noise=0.05):
        pos = torch.rand(n_train + n_test, 2) * 2 - 1
        depth = depth_at(pos) + noise * torch.randn(len(pos))
        pos = pos / math.sqrt(1 / 3)
        mean, std = depth[:n_train].mean(), depth[:n_train].std()
        depth = (depth - mean) / std
        self.train = pos[:n_train], depth[:n_train]
        self.test = pos[n_train:], depth[n_train:]

    def batches(self, size):
        pos, depth = self.train
        for idx in torch.randperm(len(pos)).split(size):
            yield pos[idx], depth[idx]


def rms(model, pos, depth):
    model.eval()
    with torch.no_grad():
        return (model(pos) - depth).pow(2).mean().sqrt().item()


if __name__ == "__main__":
    torch.manual_seed(1887)
    survey = Survey()
    model = DepthNet(units=4)
    epochs = 60
    opt = optim.Adam(model.parameters(), lr=0.03)
    sched = optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(1, epochs + 1):
        model.train()
        for pos, depth in survey.batches(100):
            opt.zero_grad()
            nn.functional.mse_loss(model(pos), depth).backward()
            opt.step()
        sched.step()
        if epoch % 10 == 0:
            print(f"{epoch:4d}  rms train {rms(model, *survey.train):.4f}  rms test {rms(model, *survey.test):.4f}")
    score = rms(model, *survey.test) ** 2
    print(f"test mse (standardised): {score:.4f}")
