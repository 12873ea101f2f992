from dataclasses import dataclass, field
import torch
import torch.nn as nn


@dataclass
class Settings:
    width: int = 4
    depth: int = 2
    lr: float = 1e-2
    epochs: int = 60
    batch_size: int = 64
    seed: int = 99


class LensModel(nn.Module):
    def __init__(self, s: Settings):
        super().__init__()
        dims = [2] + [s.width] * s.depth
        blocks = []
        for a, b in zip(dims[:-1], dims[1:]):
            blocks.append(nn.Linear(a, b))
            blocks.append(nn.SiLU())
        self.trunk = nn.Sequential(*blocks)
        self.height = nn.Linear(s.width, 1)

    def forward(self, uv):
        return self.height(self.trunk(uv))


class Trainer:
    def __init__(self, s: Settings):
        torch.manual_seed(s.seed)
        self.s = s
        uv = 2 * torch.rand(2400, 2) - 1
        r2 = (uv ** 2).sum(1, keepdim=True)
        z = torch.cos(3.5 * r2) + 0.8 * torch.sin(3 * uv[:, :1] + 1) * uv[:, 1:]
        z = z + 0.05 * torch.randn_like(z)
        uv = uv / 0.577
        self.train_uv, self.val_uv = uv[:2000], uv[2000:]
        m, d = z[:2000].mean(), z[:2000].std()
        z = (z - m) / d
        self.train_z, self.val_z = z[:2000], z[2000:]
        self.model = LensModel(s)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=s.lr)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, s.epochs, eta_min=1e-5)

    def epoch(self):
        self.model.train()
        total = 0.0
        for idx in torch.randperm(len(self.train_uv)).split(self.s.batch_size):
            self.opt.zero_grad()
            loss = nn.functional.mse_loss(self.model(self.train_uv[idx]), self.train_z[idx])
            loss.backward()
            self.opt.step()
            total += loss.item() * len(idx)
        self.sched.step()
        return total / len(self.train_uv)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return nn.functional.mse_loss(self.model(self.val_uv), self.val_z).item()

    def run(self):
        for e in range(self.s.epochs):
            train = self.epoch()
            if e % 6 == 5:
                print(f"epoch {e + 1:3d}: train {train:.4f}, val {self.validate():.4f}")
        print(f"validation mse {self.validate():.4f}")


Trainer(Settings()).run()
