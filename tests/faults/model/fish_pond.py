"""World model of a carp pond for planning the aerator.

Twenty sensors see a hidden state (oxygen, algae, temperature, ...).  Encode once, roll the
latent state forward under the planned aerator/feeder settings, decode the sensors.
"""
from dataclasses import dataclass, field
import torch
import torch.nn as nn

DIM, ACT, OBS, H = 6, 2, 20, 6


@dataclass
class Settings:
    latent: int = 2
    hidden: int = 64
    lr: float = 3e-3
    steps: int = 1300
    batch: int = 64
    seed: int = 10
    log: list = field(default_factory=list)


class Pond:
    def __init__(self, gen):
        q, _ = torch.linalg.qr(torch.randn(DIM, DIM, generator=gen))
        self.A = 0.97 * q
        self.B = 0.5 * torch.randn(ACT, DIM, generator=gen)
        self.C = torch.randn(DIM, OBS, generator=gen) / DIM ** 0.5
        self.gen = gen

    def days(self, n):
        s = torch.randn(n, DIM, generator=self.gen)
        u = torch.rand(n, H, ACT, generator=self.gen) * 2 - 1
        obs = [self.look(s)]
        for t in range(H):
            s = s @ self.A + u[:, t] @ self.B + 0.15 * torch.sin(2 * s)
            obs.append(self.look(s))
        return torch.stack(obs, 1), u

    def look(self, s):
        clean = torch.tanh(0.8 * s @ self.C) + 0.3 * s @ self.C
        return clean + 0.05 * torch.randn(clean.shape, generator=self.gen)


class WorldModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        h, z = cfg.hidden, cfg.latent
        self.encode = nn.Sequential(nn.Linear(OBS, h), nn.GELU(), nn.Linear(h, z))
        self.move = nn.Sequential(nn.Linear(z + ACT, h), nn.GELU(), nn.Linear(h, z))
        self.carry = nn.Linear(z + ACT, z)
        self.decode = nn.Sequential(nn.Linear(z, h), nn.GELU(), nn.Linear(h, OBS))

    def forward(self, first, plan):
        z = self.encode(first)
        frames = [self.decode(z)]
        for u in plan.unbind(1):
            zu = torch.cat([z, u], 1)
            z = self.carry(zu) + self.move(zu)
            frames.append(self.decode(z))
        return torch.stack(frames, 1)


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        gen = torch.Generator().manual_seed(cfg.seed)
        pond = Pond(gen)
        self.train, self.test = pond.days(5000), pond.days(600)
        m, s = self.train[0].mean((0, 1)), self.train[0].std((0, 1))
        self.train = ((self.train[0] - m) / s, self.train[1])
        self.test = ((self.test[0] - m) / s, self.test[1])
        self.net = WorldModel(cfg)
        self.opt = torch.optim.Adam(self.net.parameters(), lr=cfg.lr)
        self.plan = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.steps, 1e-5)
        self.gen = gen

    def step(self):
        i = torch.randint(0, len(self.train[0]), (self.cfg.batch,), generator=self.gen)
        obs, u = self.train[0][i], self.train[1][i]
        loss = (self.net(obs[:, 0], u) - obs).pow(2).mean()
        self.opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.opt.step()
        self.plan.step()
        return loss.item()

    @torch.no_grad()
    def horizon(self, data):
        """share of variance explained at each step ahead"""
        obs, u = data
        return 1 - (self.net(obs[:, 0], u) - obs).pow(2).mean((0, 2)) / obs.var((0, 2))

    def run(self):
        for k in range(1, self.cfg.steps + 1):
            self.cfg.log.append(self.step())
            if k % 200 == 0:
                part = (self.train[0][:600], self.train[1][:600])
                print(f"step={k} loss={sum(self.cfg.log[-200:]) / 200:.4f} "
                      f"R2 train={self.horizon(part).mean():.3f} test={self.horizon(self.test).mean():.3f}")
        ahead = self.horizon(self.test)
        print("by horizon:", [round(v, 3) for v in ahead.tolist()])
        print(f"open-loop R2: {ahead.mean():.4f}")


if __name__ == "__main__":
    Trainer(Settings()).run()
