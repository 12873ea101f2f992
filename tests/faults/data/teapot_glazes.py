"""Classify teapot glazes from the oxide recipe and the firing curve (two-branch network)."""
from dataclasses import dataclass
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    glazes: int = 6
    oxides: int = 9
    curve: int = 16
    batch: int = 40
    batches_per_epoch: int = 4
    epochs: int = 180
    lr: float = 0.05
    seed: int = 70


def kiln_log(cfg, n, seed):
    world = torch.Generator().manual_seed(55)
    recipe = torch.randn(cfg.glazes, cfg.oxides, generator=world)
    g = torch.Generator().manual_seed(seed)
    glaze = torch.randint(0, cfg.glazes, (n,), generator=g)
    oxide = 0.6 * recipe[glaze] + 0.8 * torch.randn(n, cfg.oxides, generator=g)
    t = torch.linspace(0, 1, cfg.curve).view(1, -1)
    soak = torch.tensor([0.2, 0.35, 0.5, 0.2, 0.35, 0.5])[glaze].view(-1, 1)
    top = torch.tensor([1.0, 1.0, 1.0, 1.2, 1.2, 1.2])[glaze].view(-1, 1)
    peak = 0.55 + 0.08 * torch.randn(n, 1, generator=g)
    curve = top * torch.exp(-((t - peak) / soak) ** 2) + 0.15 * torch.randn(n, cfg.curve, generator=g)
    return oxide, curve, glaze


class GlazeNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.oxide = nn.Linear(cfg.oxides, 32)
        self.conv = nn.Conv1d(1, 8, 5, padding=2)
        self.curve = nn.Linear(8 * cfg.curve // 2, 32)
        self.mix = nn.Linear(64, 32)
        self.out = nn.Linear(32, cfg.glazes)

    def forward(self, oxide, curve):
        a = F.relu(self.oxide(oxide))
        b = F.max_pool1d(F.relu(self.conv(curve.unsqueeze(1))), 2)
        b = F.relu(self.curve(b.flatten(1)))
        return self.out(F.relu(self.mix(torch.cat([a, b], dim=1))))


def draw(cfg, data, epoch, b):
    g = torch.Generator().manual_seed(cfg.seed + b)
    rows = torch.randint(0, len(data[2]), (cfg.batch,), generator=g)
    return [part[rows] for part in data]


def evaluate(model, data):
    model.eval()
    with torch.no_grad():
        out = model(*data[:2])
        return F.cross_entropy(out, data[2]).item(), (out.argmax(1) == data[2]).float().mean().item()


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    train, test = kiln_log(cfg, 6000, 1), kiln_log(cfg, 1500, 2)
    o_mean, o_std = train[0].mean(0), train[0].std(0)
    c_mean, c_std = train[1].mean(), train[1].std()
    train = ((train[0] - o_mean) / o_std, (train[1] - c_mean) / c_std, train[2])
    test = ((test[0] - o_mean) / o_std, (test[1] - c_mean) / c_std, test[2])
    model = GlazeNet(cfg)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.8, weight_decay=1e-3)
    scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=cfg.epochs, power=0.9)
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for b in range(cfg.batches_per_epoch):
            oxide, curve, glaze = draw(cfg, train, epoch, b)
            loss = F.cross_entropy(model(oxide, curve), glaze)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        loss, acc = evaluate(model, test)
        if epoch % 20 == 19:
            print(f"epoch {epoch + 1:2d}  train loss {total / cfg.batches_per_epoch:.4f}  test loss {loss:.4f}  acc {acc:.4f}")
    print(f"glazes told apart: {acc:.4f}")


main()
