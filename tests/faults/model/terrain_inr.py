import argparse
import math
import torch
import torch.nn as nn

parser = argparse.ArgumentParser(description="Fit an elevation map with a coordinate network")
parser.add_argument("--iters", type=int, default=100)
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--lr", type=float, default=1e-2)
parser.add_argument("--width", type=int, default=64)
args = parser.parse_args()
torch.manual_seed(19)


def elevation(xy):
    x, y = xy[:, 0], xy[:, 1]
    ridge = 180 * torch.exp(-((x - 0.3 * torch.sin(3 * y)) / 0.25) ** 2)
    hills = 60 * torch.sin(4 * x + 1.0) * torch.cos(3 * y) + 25 * torch.sin(5 * x * y + 2)
    crater = -90 * torch.exp(-((x + 0.5) ** 2 + (y - 0.4) ** 2) / 0.03)
    return 420 + ridge + hills + crater


class CoordinateNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, width), nn.GELU(),
            nn.Linear(width, width), nn.GELU(),
            nn.Linear(width, width), nn.GELU(),
            nn.Linear(width, 1))

    def forward(self, xy):
        return self.net(xy * math.sqrt(3)).squeeze(-1)


survey = torch.rand(12000, 2) * 2 - 1
height = elevation(survey) + 4.0 * torch.randn(len(survey))
mean, std = height.mean(), height.std()
grid = torch.rand(4000, 2) * 2 - 1
truth = elevation(grid)

model = CoordinateNet(args.width)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.999)


@torch.no_grad()
def rmse():
    return (model(grid) * std + mean - truth).pow(2).mean().sqrt().item()


for it in range(1, args.iters + 1):
    pick = torch.randint(0, len(survey), (args.batch,))
    loss = nn.functional.mse_loss(model(survey[pick]), (height[pick] - mean) / std)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if it % (args.iters // 10) == 0:
        print(f"iter {it:5d}  loss {loss.item():.5f}  elevation RMSE {rmse():.2f} m")
print(f"final elevation RMSE {rmse():.3f} m")
