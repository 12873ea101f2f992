"""Bikes taken from 60 docks in the next hour. Negative binomial regression with dock embeddings,
gradients accumulated over micro batches so that it also runs on the office laptop."""
import math
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Plan:
    docks: int = 60
    hours: int = 400
    micro: int = 200
    accumulate: int = 4
    epochs: int = 14
    lr: float = 5e-3


class NegBin(nn.Module):
    """-log p(k | mean, dispersion), written out."""

    def forward(self, log_mean, log_disp, k):
        r, mean = torch.exp(-log_disp), torch.exp(log_mean)
        return -(torch.lgamma(k + r) - torch.lgamma(r) - torch.lgamma(k + 1)
                 + r * (r.log() - torch.log(r + mean)) + k * (log_mean - torch.log(r + mean))).mean()


class DockModel(nn.Module):
    def __init__(self, docks):
        super().__init__()
        self.dock = nn.Embedding(docks, 6)
        self.net = nn.Sequential(nn.Linear(6 + 7, 64), nn.GELU(), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 1))
        self.level = nn.Embedding(docks, 1)
        self.log_disp = nn.Parameter(torch.tensor(-0.5))
        nn.init.zeros_(self.level.weight)

    def forward(self, dock, x):
        return (self.net(torch.cat([self.dock(dock), x], 1)) + self.level(dock)).squeeze(1)


def city(plan, gen):
    dock = torch.arange(plan.docks).repeat(plan.hours)
    hour = torch.arange(plan.hours).repeat_interleave(plan.docks)
    base, commuter = 0.5 * torch.randn(plan.docks, generator=gen) + 1.6, torch.rand(plan.docks, generator=gen)
    rain = (torch.rand(plan.hours, generator=gen) < 0.2).float()[hour]
    temp = torch.randn(plan.hours, generator=gen)[hour]
    clock, free = hour % 24, ((hour // 24) % 7 >= 5).float()
    rush = torch.exp(-((clock - 8.0) / 1.5) ** 2) + torch.exp(-((clock - 17.0) / 2.0) ** 2)
    noon = torch.exp(-((clock - 14.0) / 3.5) ** 2)
    c = commuter[dock]
    log_mean = base[dock] - 1 + 2.2 * c * rush * (1 - free) + 1.8 * (1 - c) * noon * (0.5 + free) - 0.9 * rain + 0.25 * temp
    r = 4.0
    rate = torch.distributions.Gamma(r, r / log_mean.exp()).sample()
    a = 2 * math.pi * clock / 24
    x = torch.stack([a.sin(), a.cos(), (2 * a).sin(), (2 * a).cos(), free * 2 - 1, rain * 2 - 1, temp], 1)
    return dock, x, torch.poisson(rate)


def main(plan=Plan()):
    torch.manual_seed(6)
    gen = torch.Generator().manual_seed(6)
    dock, x, k = city(plan, gen)
    order = torch.randperm(len(k), generator=gen)
    fit, held = order[: 20000], order[20000:]
    model, nll = DockModel(plan.docks), NegBin()
    opt = torch.optim.Adam(model.parameters(), lr=plan.lr)
    updates = plan.epochs * len(fit) // (plan.micro * plan.accumulate)
    fade = torch.optim.lr_scheduler.CosineAnnealingLR(opt, updates)
    for epoch in range(plan.epochs):
        running, seen = 0.0, 0
        pieces = fit[torch.randperm(len(fit), generator=gen)].split(plan.micro)
        for n, rows in enumerate(pieces, 1):
            loss = nll(model(dock[rows], x[rows]), model.log_disp, k[rows])
            loss = loss / plan.accumulate
            loss.backward()
            running += loss.item() * len(rows)
            seen += len(rows)
            if n % plan.accumulate == 0:
                opt.step()
                fade.step()
                opt.zero_grad()
        with torch.no_grad():
            log_mean = model(dock[held], x[held])
            r2 = 1 - (log_mean.exp() - k[held]).square().mean() / k[held].var()
        print(f"epoch {epoch:2d}  negative log likelihood {running / seen:.4f}  R2 held out {r2:.3f}  "
              f"dispersion {model.log_disp.exp().item():.2f}")
    print(f"{plan.docks} docks, {len(fit)} dock hours: explained {r2:.3f}, nats per dock hour {running / seen:.4f}")


if __name__ == "__main__":
    main()
