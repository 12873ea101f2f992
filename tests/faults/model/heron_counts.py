"""How many herons will a warden see? Counts by marsh, weather and month."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass
class Settings:
    visits: int = 14000
    marshes: int = 30
    epochs: int = 3
    batch: int = 160
    lr: float = 1.5e-3
    seed: int = 17


def visits(cfg):
    rng = np.random.default_rng(cfg.seed)
    marsh = rng.integers(0, cfg.marshes, cfg.visits)
    month = rng.integers(0, 12, cfg.visits)
    wind, rain = rng.normal(size=(2, cfg.visits))
    richness = rng.normal(0, 0.7, cfg.marshes)
    favourite = rng.uniform(0, 12, cfg.marshes)
    rate = np.exp(0.8 + richness[marsh] + 0.8 * np.cos(2 * np.pi * (month - favourite[marsh]) / 12)
                  - 0.3 * wind * (rain > 0) - 0.2 * rain)
    weather = np.stack([wind, rain], 1).astype(np.float32)
    count = rng.poisson(rate).astype(np.float32)
    return [torch.from_numpy(a) for a in (marsh, month, weather, count)]


class HeronModel(nn.Module):
    def __init__(self, marshes):
        super().__init__()
        self.marsh = nn.Embedding(marshes, 8)
        self.month = nn.Embedding(12, 4)
        self.net = nn.Sequential(nn.Linear(14, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, marsh, month, weather):
        return self.net(torch.cat([self.marsh(marsh), self.month(month), weather], 1)).squeeze(1)


def deviance(log_rate, count):
    rate = log_rate.exp()
    term = torch.where(count > 0, count * torch.log(count.clamp(min=1) / rate), torch.zeros_like(count))
    return 2 * (term - (count - rate)).mean().item()


def main(cfg=Settings()):
    torch.manual_seed(cfg.seed)
    data = visits(cfg)
    cut = int(0.8 * cfg.visits)
    train, test = [d[:cut] for d in data], [d[cut:] for d in data]
    model = HeronModel(cfg.marshes)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.1)
    criterion = nn.PoissonNLLLoss(log_input=True)
    step = 0
    for epoch in range(cfg.epochs):
        for idx in torch.randperm(cut).split(cfg.batch):
            marsh, month, weather, count = (d[idx] for d in train)
            loss = criterion(model(marsh, month, weather), count)
            opt.zero_grad()
            loss.backward()
            opt.step()
            step += 1
            if step % 40 == 0:
                print(f"epoch {epoch} step {step} poisson nll {loss.item():.4f}")
        model.eval()
        with torch.no_grad():
            print(f"epoch {epoch} test deviance {deviance(model(*test[:3]), test[3]):.4f}")
        model.train()


main()
