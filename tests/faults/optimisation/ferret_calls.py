"""Semi-manual recipe: pre-train an autoencoder on call spectra, then train a classifier on its codes."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Settings:
    bins: int = 48
    code: int = 12
    n_classes: int = 5
    pretrain_epochs: int = 20
    epochs: int = 12
    batch: int = 64
    lr: float = 5e-3
    amp: bool = False


def spectra(n, cfg, gen):
    y = torch.randint(0, cfg.n_classes, (n,), generator=gen)
    freq = torch.linspace(0, 1, cfg.bins)
    peak = 0.15 + 0.15 * y[:, None] + 0.05 * torch.randn(n, 1, generator=gen)
    second = peak * 0.5 + 0.45 + 0.04 * torch.randn(n, 1, generator=gen)
    x = torch.exp(-((freq - peak) / 0.05) ** 2) + 0.6 * torch.exp(-((freq - second) / 0.08) ** 2)
    x = x * (1 + 0.3 * torch.randn(n, 1, generator=gen)) + 0.1 * torch.randn(n, cfg.bins, generator=gen)
    return x, y


class CallNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(cfg.bins, 40), nn.Tanh(), nn.Linear(40, cfg.code))
        self.decoder = nn.Sequential(nn.Linear(cfg.code, 40), nn.Tanh(), nn.Linear(40, cfg.bins))
        self.classifier = nn.Sequential(nn.Linear(cfg.code, 24), nn.ReLU(), nn.Linear(24, cfg.n_classes))


class Stage:
    """One training stage: a loss function of a batch, and the parameters that it trains."""

    def __init__(self, cfg, params):
        self.cfg = cfg
        self.opt = torch.optim.Adam(params, lr=cfg.lr)
        self.scaler = torch.amp.GradScaler("cpu", enabled=cfg.amp)

    def step(self, loss):
        self.opt.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.opt)
        self.scaler.update()


class ClassifierStage(Stage):
    def step(self, loss):
        self.opt.zero_grad()
        if self.cfg.amp:
            self.scaler.scale(loss).backward()
            self.scaler.step(self.opt)
            self.scaler.update()
        else:
            self.opt.step()


cfg = Settings()
torch.manual_seed(19)
gen = torch.Generator().manual_seed(40)
x_train, y_train = spectra(1500, cfg, gen)
x_test, y_test = spectra(500, cfg, gen)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std

net = CallNet(cfg)
stage = Stage(cfg, list(net.encoder.parameters()) + list(net.decoder.parameters()))
for epoch in range(cfg.pretrain_epochs):
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(cfg.batch):
        loss = nn.functional.mse_loss(net.decoder(net.encoder(x_train[idx])), x_train[idx])
        stage.step(loss)
        total += loss.item() * len(idx)
    if epoch % 5 == 4:
        print(f"pretrain {epoch + 1:2d}  reconstruction {total / len(x_train):.4f}")

stage = ClassifierStage(cfg, net.classifier.parameters())
with torch.no_grad():
    codes, test_codes = net.encoder(x_train), net.encoder(x_test)
for epoch in range(cfg.epochs):
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(cfg.batch):
        loss = nn.functional.cross_entropy(net.classifier(codes[idx]), y_train[idx])
        stage.step(loss)
        total += loss.item() * len(idx)
    with torch.no_grad():
        out = net.classifier(test_codes)
        test_loss = nn.functional.cross_entropy(out, y_test).item()
        acc = (out.argmax(1) == y_test).float().mean().item()
    if epoch % 3 == 2:
        print(f"classify {epoch + 1:2d}  loss {total / len(x_train):.4f}  test loss {test_loss:.4f}  test acc {acc:.4f}")
print(f"accuracy on test calls: {acc:.4f}")
