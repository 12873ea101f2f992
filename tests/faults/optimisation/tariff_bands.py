"""Half-hourly demand bands (10 / 50 / 90 %) for a housing estate on a time-of-use tariff.

Parameters live outside the module (torch.func.functional_call), because the same
network is later evaluated with an averaged set of weights.
"""
from dataclasses import dataclass
import math
import torch
from torch import nn
from torch.func import functional_call


@dataclass
class Settings:
    seed: int = 21
    days: int = 220
    steps: int = 1300
    batch: int = 128
    lr: float = 0.006
    average_from: float = 0.7


QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def demand(cfg):
    g = torch.Generator().manual_seed(cfg.seed)
    slot = torch.arange(cfg.days * 48)
    hour, day = (slot % 48) / 2.0, slot // 48
    temp = 9 - 7 * torch.cos(2 * math.pi * day / 220) + 2.5 * torch.randn(cfg.days, generator=g)[day]
    weekend = ((day % 7) >= 5).float()
    price = torch.where((hour >= 16) & (hour < 19), 1.0, 0.0)
    morning = torch.exp(-((hour - 7.5 - 1.5 * weekend) / 1.3) ** 2)
    evening = torch.exp(-((hour - 18.5) / 2.2) ** 2)
    mean = 0.8 + 1.2 * morning + 2.0 * evening * (1 - 0.3 * price) + 0.06 * (15 - temp).clamp(min=0) * (1 + evening)
    spread = 0.08 + 0.22 * evening + 0.10 * weekend
    load = mean + spread * torch.randn(len(slot), generator=g)
    a = 2 * math.pi * hour / 24
    x = torch.stack([a.sin(), a.cos(), (2 * a).sin(), (2 * a).cos(), (temp - 6) / 5, weekend * 2 - 1, price * 2 - 1], 1)
    return x, (load - load.mean()) / load.std(), g


def pinball(bands, y):
    miss = y[:, None] - bands
    return torch.maximum(QUANTILES * miss, (QUANTILES - 1) * miss).sum(1).mean()


class Bands(nn.Module):
    def __init__(self, inputs, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.middle = nn.Linear(width, 1)
        self.gaps = nn.Linear(width, 2)

    def forward(self, x):
        h = self.body(x)
        mid, gap = self.middle(h), nn.functional.softplus(self.gaps(h))
        return torch.cat([mid - gap[:, :1], mid, mid + gap[:, 1:]], 1)


def main():
    cfg = Settings()
    torch.manual_seed(cfg.seed)
    x, y, g = demand(cfg)
    order = torch.randperm(len(x), generator=g)
    held, used = order[: len(x) // 5], order[len(x) // 5:]
    net = Bands(x.shape[1])
    weights = {name: w.detach().clone().requires_grad_() for name, w in net.named_parameters()}
    averaged, kept = {name: torch.zeros_like(w) for name, w in weights.items()}, 0
    opt = torch.optim.Adam(weights.values(), lr=cfg.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, 2.0 * (1 - s / cfg.steps) + 0.02))

    def score(params):
        with torch.no_grad():
            bands = functional_call(net, params, (x[held],))
            covered = ((y[held] > bands[:, 0]) & (y[held] < bands[:, 2])).float().mean()
            return pinball(bands, y[held]).item(), covered.item()

    for step in range(cfg.steps):
        rows = used[torch.randint(len(used), (cfg.batch,), generator=g)]
        net.zero_grad()
        loss = pinball(functional_call(net, weights, (x[rows],)), y[rows])
        loss.backward()
        opt.step()
        schedule.step()
        if step >= cfg.average_from * cfg.steps:
            kept += 1
            for name, w in weights.items():
                averaged[name] += (w.detach() - averaged[name]) / kept
        if (step + 1) % 200 == 0:
            val, cov = score(weights)
            print(f"{step + 1:>5} pinball={loss.item():.4f} held-out={val:.4f} coverage={cov:.2%}")
    val, cov = score(averaged)
    print(f"averaged weights: held-out pinball {val:.4f}, 80% band covers {cov:.1%}")


main()
