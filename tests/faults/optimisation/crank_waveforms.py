"""Denoising autoencoder for crank-sensor waveforms (one engine cycle = 64 samples)."""
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

cfg = SimpleNamespace(n_train=3000, n_val=600, batch=64, epochs=12, lr=3e-3, decay=4e-3, code=16, seed=17)


class Cycles(Dataset):
    """Clean cycle and its noisy recording."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        amp = rng.normal(0, 1, (n, 4)) * [1.0, 0.7, 0.5, 0.35]
        phase = rng.uniform(-0.5, 0.5, (n, 4))
        clean = sum(amp[:, k:k + 1] * np.sin((k + 1) * t + phase[:, k:k + 1]) for k in range(4))
        knock = rng.uniform(0, 2 * np.pi, (n, 1))
        clean = clean + rng.uniform(0.5, 1.5, (n, 1)) * np.exp(-((np.angle(np.exp(1j * (t - knock)))) ** 2) / 0.15)
        clean = (clean - 0.2) / 1.0
        self.clean = torch.tensor(clean, dtype=torch.float32)
        self.noisy = self.clean + 0.3 * torch.from_numpy(rng.normal(0, 1, clean.shape)).float()

    def __len__(self):
        return len(self.clean)

    def __getitem__(self, i):
        return self.noisy[i], self.clean[i]


class DenoisingAE(nn.Module):
    def __init__(self, code):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.LeakyReLU(0.1), nn.Linear(128, 64), nn.LeakyReLU(0.1),
                                     nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.LeakyReLU(0.1), nn.Linear(64, 128), nn.LeakyReLU(0.1),
                                     nn.Linear(128, 64))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Trainer:
    def __init__(self, cfg):
        torch.manual_seed(cfg.seed)
        self.cfg = cfg
        self.train_dl = DataLoader(Cycles(cfg.n_train, 1), cfg.batch, shuffle=True)
        self.val = Cycles(cfg.n_val, 2)
        self.model = DenoisingAE(cfg.code)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=cfg.lr, weight_decay=cfg.decay)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs)

    def epoch(self):
        self.model.train()
        total = 0.0
        for noisy, clean in self.train_dl:
            loss = nn.functional.mse_loss(self.model(noisy), clean)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(noisy)
        self.sched.step()
        return total / len(self.train_dl.dataset)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        err = (self.model(self.val.noisy) - self.val.clean).pow(2).mean()
        return err.item(), (1 - err / self.val.clean.var()).item()

    def fit(self):
        for e in range(self.cfg.epochs):
            tr = self.epoch()
            va, ev = self.validate()
            print(f"{e + 1:>3}: train {tr:.4f} | val {va:.4f} | explained {ev:.4f}")
        return ev


print("explained variance of the clean cycles: %.4f" % Trainer(cfg).fit())
