"""Clean or sloppy kayak stroke: a small net with one-bit weights, hinge loss and bootstrapped batches."""
import torch
from torch import nn


class OneBit(torch.autograd.Function):
    """Forward: sign times mean size per row. Backward: straight through inside [-1, 1]."""

    @staticmethod
    def forward(ctx, weight):
        ctx.save_for_backward(weight)
        return torch.sign(weight) * weight.abs().mean(1, keepdim=True)

    @staticmethod
    def backward(ctx, upstream):
        weight, = ctx.saved_tensors
        return upstream * (weight.abs() <= 1)


class BitLinear(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(x, OneBit.apply(self.weight), self.bias)


class StrokeNet(nn.Module):
    def __init__(self, inputs, width=64):
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.norm = nn.BatchNorm1d(width)
        self.bits = BitLinear(width, width)
        self.norm2 = nn.BatchNorm1d(width)
        self.margin = nn.Linear(width, 1)

    def forward(self, x):
        h = nn.functional.hardtanh(self.norm(self.first(x)))
        h = nn.functional.hardtanh(self.norm2(self.bits(h)))
        return self.margin(h).squeeze(1)


def strokes(count, gen):
    """Angles, forces and timing of a stroke, in standard units; +1 is clean, -1 sloppy."""
    x = torch.randn(count, 12, generator=gen)
    clean = (1.5 - x[:, 0] ** 2 + x[:, 1] * x[:, 2] + 1.2 * torch.sin(1.5 * x[:, 3]) + 0.8 * x[:, 4] - x[:, 5].abs())
    clean = clean + 0.3 * torch.randn(count, generator=gen)
    return x, torch.where(clean > 0, 1.0, -1.0)


def hinge(margin, sign):
    return torch.relu(1 - sign * margin).mean()


torch.manual_seed(27)
gen = torch.Generator().manual_seed(27)
x, sign = strokes(8000, gen)
x_test, sign_test = strokes(1500, gen)
print(f"clean strokes: {(sign > 0).float().mean().item():.3f}")

net = StrokeNet(12)
optimizer = torch.optim.Adam(net.parameters(), lr=8e-3)
ROUNDS, BATCH, PER_ROUND = 16, 100, 50
schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, ROUNDS * PER_ROUND, power=1.0)
for number in range(1, ROUNDS + 1):
    net.train()
    total = 0.0
    drawn = torch.randint(0, len(x), (PER_ROUND, BATCH), generator=gen)     # with replacement
    for rows in drawn:
        loss = hinge(net(x[rows]), sign[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            net.bits.weight.clamp_(-1, 1)
        total += loss.item()
    net.eval()
    with torch.no_grad():
        margin = net(x_test)
    print(f"round {number:2d}  hinge {total / PER_ROUND:.4f}  test {hinge(margin, sign_test).item():.4f}  "
          f"right {(margin.sign() == sign_test).float().mean().item():.4f}")
print(f"stroke accuracy: {(margin.sign() == sign_test).float().mean().item():.4f}")
