# Where do the otters surface?  A RealNVP density of surfacing positions (km east, km north of the weir),
# used by the river trust to rank stretches of bank.
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Cfg:
    n_fixes: int = 6000
    n_held: int = 2000
    batch: int = 256
    passes: int = 36
    layers: int = 5
    hidden: int = 48
    base_lr: float = 2e-3
    seed: int = 5


def surfacing_fixes(n, gen):
    """Two bends of the river and a holt between them, standardised."""
    which = torch.rand(n, generator=gen)
    t = torch.rand(n, generator=gen) * 3.1416
    upper = torch.stack([t.cos(), t.sin()], 1)
    lower = torch.stack([1 - t.cos(), 0.5 - t.sin()], 1)
    holt = torch.tensor([2.1, 1.0]).expand(n, 2)
    xy = torch.where(which[:, None] < 0.42, upper, torch.where(which[:, None] < 0.84, lower, holt))
    xy = xy + 0.09 * torch.randn(n, 2, generator=gen)
    return (xy - torch.tensor([0.75, 0.37])) / torch.tensor([0.93, 0.56])


class Coupling(nn.Module):
    def __init__(self, keep, hidden):
        super().__init__()
        self.keep = keep
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
                                 nn.Linear(hidden, 2))

    def forward(self, x):
        a = x[:, self.keep:self.keep + 1]
        b = x[:, 1 - self.keep:2 - self.keep]
        s, t = self.net(a).chunk(2, dim=1)
        s = 2.0 * torch.tanh(s / 2.0)
        b = b * s.exp() + t
        pair = (a, b) if self.keep == 0 else (b, a)
        return torch.cat(pair, 1), s.squeeze(1)


class River(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.steps = nn.ModuleList(Coupling(i % 2, cfg.hidden) for i in range(cfg.layers))
        self.base = torch.distributions.Normal(0.0, 1.0)

    def log_prob(self, x):
        logdet = torch.zeros(len(x))
        for step in self.steps:
            x, ld = step(x)
            logdet = logdet + ld
        return self.base.log_prob(x).sum(1) + logdet


def fit(cfg):
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    fixes = surfacing_fixes(cfg.n_fixes, gen)
    held = surfacing_fixes(cfg.n_held, gen)
    flow = River(cfg)
    lr = cfg.base_lr * cfg.batch / 65536      # linear scaling rule
    opt = torch.optim.Adam(flow.parameters(), lr=lr)
    later = torch.optim.lr_scheduler.StepLR(opt, step_size=26, gamma=0.15)
    for ep in range(cfg.passes):
        order = torch.randperm(cfg.n_fixes, generator=gen)
        seen = 0.0
        for chunk in order.split(cfg.batch):
            nll = -flow.log_prob(fixes[chunk]).mean()
            opt.zero_grad(set_to_none=True)
            nll.backward()
            nn.utils.clip_grad_norm_(flow.parameters(), 20.0)
            opt.step()
            seen += nll.item() * len(chunk)
        later.step()
        if ep % 4 == 3:
            with torch.no_grad():
                h = -flow.log_prob(held).mean().item()
            print("pass {:>3}  nats(train)={:.3f}  nats(held)={:.3f}".format(ep + 1, seen / cfg.n_fixes, h))
    with torch.no_grad():
        return flow, -flow.log_prob(held).mean().item()


if __name__ == "__main__":
    flow, nats = fit(Cfg())
    print("held-out nats per fix:", round(nats, 4))
