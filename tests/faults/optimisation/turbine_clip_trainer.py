from dataclasses import dataclass, field
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class TrainConfig:
    lr: float = 0.05
    momentum: float = 0.9
    max_grad_norm: float = 0.003
    batch_size: int = 40
    epochs: int = 20
    hidden: list = field(default_factory=lambda: [32, 32])


def turbine_power(n, rng):
    wind = rng.weibull(2.0, n) * 8
    yaw, temp, pitch = rng.normal(0, 12, n), rng.normal(10, 8, n), rng.uniform(0, 6, n)
    density = 1.29 * (1 - temp / 290)
    power = 1 / (1 + np.exp(-(wind - 8.5 + 0.5 * pitch))) * np.cos(np.radians(2 * yaw)) * density
    features = np.stack([wind, yaw, temp, pitch], axis=1)
    return features, power + rng.normal(0, 0.04, n)


class PowerCurve(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        dims = [n_in] + hidden
        blocks = []
        for a, b in zip(dims, dims[1:]):
            blocks += [nn.Linear(a, b), nn.Tanh()]
        self.net = nn.Sequential(*blocks, nn.Linear(dims[-1], 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs, eta_min=cfg.lr / 10)
        self.loss_fn = nn.MSELoss()

    def train_epoch(self, loader):
        self.model.train()
        total, count = 0.0, 0
        for x, y in loader:
            self.opt.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.max_grad_norm)
            self.opt.step()
            total, count = total + loss.item() * len(y), count + len(y)
        self.schedule.step()
        return total / count

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        sq, count = 0.0, 0
        for x, y in loader:
            sq, count = sq + (self.model(x) - y).pow(2).sum().item(), count + len(y)
        return sq / count


def main(cfg=TrainConfig()):
    torch.manual_seed(31)
    x, y = turbine_power(3000, np.random.default_rng(31))
    x = (x - x[:2400].mean(0)) / x[:2400].std(0)
    y = (y - y[:2400].mean()) / y[:2400].std()
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    train = DataLoader(TensorDataset(x[:2400], y[:2400]), batch_size=cfg.batch_size, shuffle=True)
    valid = DataLoader(TensorDataset(x[2400:], y[2400:]), batch_size=200)
    trainer = Trainer(PowerCurve(4, cfg.hidden), cfg)
    for epoch in range(cfg.epochs):
        tr, va = trainer.train_epoch(train), trainer.evaluate(valid)
        print(f"epoch={epoch} train_mse={tr:.5f} valid_mse={va:.5f}")
    print(f"final valid mse {va:.5f}")


if __name__ == "__main__":
    main()
