"""Sort magnetometer pulses with a deep narrow residual net and a one-cycle run at a high peak rate."""
import math

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

KINDS = ["storm", "tram", "lift", "lightning", "quiet"]


def pulses(count, g):
    kind = torch.randint(0, 5, (count,), generator=g)
    t = torch.linspace(-1, 1, 48).expand(count, 48)
    s = 0.3 * torch.randn(count, 1, generator=g)
    w = 0.15 + 0.1 * torch.rand(count, 1, generator=g)
    phase = 2 * math.pi * torch.rand(count, 1, generator=g)
    u = (t - s) / w
    shapes = torch.stack([
        torch.sin(5 * t + phase),
        torch.tanh(u),
        torch.exp(-u.abs()),
        u * torch.exp(-0.5 * u ** 2) * 1.5,
        torch.zeros_like(t),
    ])
    picked = shapes[kind, torch.arange(count)]
    sign = torch.sign(torch.rand(count, 1, generator=g) - 0.5)
    return (sign * picked + 0.35 * torch.randn(count, 48, generator=g)).unsqueeze(1), kind


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm1d(width)
        self.conv2 = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm1d(width)
        nn.init.zeros_(self.norm2.weight)      # every block starts as the identity

    def forward(self, x):
        h = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(x + self.norm2(self.conv2(h)))


class PulseNet(nn.Module):
    def __init__(self, width=12, blocks=5):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(1, width, 7, stride=2, padding=3, bias=False), nn.BatchNorm1d(width), nn.ReLU())
        self.blocks = nn.Sequential(*[Residual(width) for _ in range(blocks)])
        self.head = nn.Linear(width * 6, len(KINDS))

    def forward(self, x):
        h = self.blocks(self.stem(x))
        return self.head(nn.functional.avg_pool1d(h, 4).flatten(1))


@torch.no_grad()
def evaluate(net, x, y):
    net.eval()
    z = net(x)
    return nn.functional.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


def main(epochs=9, batch=80, peak=0.12):
    torch.manual_seed(3)
    g = torch.Generator().manual_seed(3)
    x, y = pulses(2000, g)
    x_test, y_test = pulses(1000, g)
    loader = DataLoader(TensorDataset(x, y), batch, shuffle=True, drop_last=True)
    net = PulseNet()
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    opt = torch.optim.SGD([{"params": decayed, "weight_decay": 2e-3}, {"params": plain}], lr=peak, nesterov=True, momentum=0.9)
    cycle = OneCycleLR(opt, peak, epochs=epochs, steps_per_epoch=len(loader), base_momentum=0.85, max_momentum=0.95)
    for epoch in range(1, epochs + 1):
        net.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(xb), yb)
            loss.backward()
            opt.step()
            cycle.step()
            total += loss.item()
        test_loss, accuracy = evaluate(net, x_test, y_test)
        print(f"epoch {epoch:2d}  rate {cycle.get_last_lr()[0]:.4f}  train {total / len(loader):.4f}  test {test_loss:.4f}  acc {accuracy:.4f}")
    print(f"pulse accuracy: {accuracy:.4f}")


main()
