"""RealNVP density model of the two moons."""
import math
import torch
from torch import nn
from sklearn.datasets import make_moons


class Coupling(nn.Module):
    def __init__(self, flip, hidden=64):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x[:, :1], x[:, 1:]
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, dim=1)
        s = 2.0 * torch.tanh(s / 2.0)
        b = b * torch.exp(s) + t
        out = torch.cat([b, a] if self.flip else [a, b], 1)
        return out, s.squeeze(1)


class RealNVP(nn.Module):
    def __init__(self, layers=8):
        super().__init__()
        self.layers = nn.ModuleList([Coupling(i % 2 == 1) for i in range(layers)])

    def log_prob(self, x):
        logdet = 0.0
        for layer in self.layers:
            x, ld = layer(x)
            logdet = logdet + ld
        return -0.5 * (x ** 2).sum(1) - math.log(2 * math.pi) + logdet


def main():
    torch.manual_seed(0)
    pts, _ = make_moons(6000, noise=0.13, random_state=0)
    pts = torch.tensor(pts, dtype=torch.float32)
    pts = (pts - pts.mean(0)) / pts.std(0)
    train, held = pts[:5000], pts[5000:]
    flow = RealNVP()
    opt = torch.optim.Adam(flow.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 900)
    for it in range(1, 901):
        batch = train[torch.randint(len(train), (200,))]
        nll = -flow.log_prob(batch).mean()
        opt.zero_grad()
        nll.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        opt.step()
        sched.step()
        if it % 100 == 0:
            with torch.no_grad():
                test = -flow.log_prob(held).mean().item()
            print(f"iter {it} train nll {nll.item():.3f} held-out nll {test:.4f}")


if __name__ == "__main__":
    main()
