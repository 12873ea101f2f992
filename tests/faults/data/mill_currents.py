"""Motor current of a grain mill, one second ahead: dilated convolutions on a long recording."""
import math
import torch
from torch import nn


def recording(length):
    t = torch.arange(length, dtype=torch.float32)
    wander = torch.cumsum(torch.randn(length) * 0.02, 0)
    load = 1 + 0.5 * torch.sin(2 * math.pi * t / 400 + wander)
    hum = torch.sin(2 * math.pi * t / 11 + 2 * torch.sin(t / 90))
    x = torch.zeros(length)
    kick = torch.randn(length) * 0.12
    for k in range(2, length):
        x[k] = 0.55 * x[k - 1] - 0.45 * x[k - 2] * torch.tanh(x[k - 1]) + 0.5 * load[k] * hum[k] + kick[k]
    return x


class Causal(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv1d(1 if i == 0 else width, width, 3, dilation=2 ** i) for i in range(4)])
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        h = x.unsqueeze(1)
        for layer in self.layers:
            h = torch.relu(layer(h))
        return self.last(h[:, :, -1]).squeeze(1)


def windows(series, starts, size=32):
    idx = starts.unsqueeze(1) + torch.arange(size)
    return series[idx], series[starts + size]


def sample_starts(step, count, limit):
    gen = torch.Generator().manual_seed(1000 + step % 4)
    return torch.randint(0, limit, (count,), generator=gen)


@torch.no_grad()
def check(model, series):
    model.eval()
    x, y = windows(series, torch.arange(len(series) - 33))
    return ((model(x) - y) ** 2).mean().item() / y.var().item()


def run(steps=900):
    torch.manual_seed(2)
    series = recording(7000)
    series = (series - series[:5500].mean()) / series[:5500].std()
    train, later = series[:5500], series[5500:]
    model = Causal()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, total_iters=steps)
    recent = []
    for step in range(1, steps + 1):
        model.train()
        x, y = windows(train, sample_starts(step, 64, len(train) - 33))
        loss = (model(x) - y).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        recent.append(loss.item())
        if step % 100 == 0:
            print(f"step {step} mse {sum(recent[-100:]) / 100:.4f} relative error later {check(model, later):.4f}")


run()
