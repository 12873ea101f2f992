"""Spread of a particle spray from its hits: a set network in bfloat16, trained through a small Trainer with hooks.

A spray is 24 hits (x, y, energy) in no particular order; the lab wants the energy-weighted width.
"""
import torch
from torch import nn
import torch.nn.functional as F


class SprayNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.point = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.pooled = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, hits):
        return self.pooled(self.point(hits).mean(1)).squeeze(1)


def sprays(n, gen, hits=24):
    width = 0.3 + 1.7 * torch.rand(n, 1, generator=gen)
    stretch = 0.6 + 0.8 * torch.rand(n, 1, generator=gen)
    xy = torch.randn(n, hits, 2, generator=gen) * torch.stack([width * stretch, width / stretch], 2)
    energy = torch.rand(n, hits, generator=gen).clamp_min(1e-3).log().neg()
    share = energy / energy.sum(1, keepdim=True)
    middle = (share[..., None] * xy).sum(1, keepdim=True)
    target = (share * (xy - middle).square().sum(2)).sum(1).sqrt()
    return torch.cat([xy / 1.2, energy[..., None] - 1], 2), target


def limit_norm_(parameters, most):
    """Scales all gradients together so that their joint norm is at most `most`."""
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm()
    factor = (most / (norm + 1e-6)).clamp(max=1.0)
    for g in grads:
        g.mul_(factor)
    return norm


class MixedTrainer:
    def __init__(self, net, lr, total, most=5.0):
        self.net, self.most = net, most
        self.opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, nesterov=True)
        self.plan = torch.optim.lr_scheduler.OneCycleLR(self.opt, lr, total_steps=total, pct_start=0.15)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 13, growth_interval=5000)
        self.hooks = {"before_step": [], "after_epoch": []}

    def on(self, event, function):
        self.hooks[event].append(function)

    def train_step(self, hits, target):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            guess = self.net(hits)
        loss = F.smooth_l1_loss(guess.float(), target, beta=0.5)
        self.opt.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        for hook in self.hooks["before_step"]:
            hook(self)
        self.scaler.step(self.opt)
        self.scaler.update()
        self.plan.step()
        return loss.item()

    @torch.inference_mode()
    def r2(self, hits, target):
        guess = self.net(hits)
        return 1 - F.mse_loss(guess, target).item() / target.var(unbiased=False).item()


def main():
    torch.manual_seed(17)
    gen = torch.Generator().manual_seed(17)
    x, y = sprays(5000, gen)
    xv, yv = sprays(1000, gen)
    centre, scale = y.mean(), y.std()
    y, yv = (y - centre) / scale, (yv - centre) / scale
    epochs, size = 24, 100
    trainer = MixedTrainer(SprayNet(), lr=0.1, total=epochs * (len(x) // size))
    trainer.on("before_step", lambda t: limit_norm_(t.net.parameters(), t.most))
    trainer.on("after_epoch", lambda t, e, l: print(f"epoch {e:02d} | huber {l:.4f} | val R2 {t.r2(xv, yv):.4f}"))
    for epoch in range(1, epochs + 1):
        seen = [trainer.train_step(x[i], y[i]) for i in torch.randperm(len(x), generator=gen).split(size)]
        if epoch % 3 == 0:
            for hook in trainer.hooks["after_epoch"]:
                hook(trainer, epoch, sum(seen) / len(seen))
    print(f"spray width, unseen sprays: R2 {trainer.r2(xv, yv):.4f}")


if __name__ == "__main__":
    main()
