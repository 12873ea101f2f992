"""Sorting long hum recordings from power cables by fault type with a diagonal state-space layer.

The layer is run as a long convolution (FFT).  Poles and step sizes have a rate of their own and no weight decay.
"""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

SAMPLES = 192
FAULTS = ("sound", "arc", "loose sheath", "water")


def recordings(n, g):
    y = torch.randint(len(FAULTS), (n,), generator=g)
    t = torch.arange(SAMPLES).float()
    r = lambda *s: torch.rand(*s, generator=g)
    hum = torch.sin(2 * math.pi * (t / 20 + r(n, 1)))
    burst_at, beat = 20 + 80 * r(n, 1), 2 * math.pi * r(n, 1)
    late = ((t - burst_at) > 0).float()
    ring = late * torch.exp(-(t - burst_at).clamp_min(0) / 25) * torch.sin(2 * math.pi * (t - burst_at) / 6)
    double = ring.roll(60, 1)
    arc = 1.2 * ring + 1.2 * double
    loose = 1.2 * ring
    water = 0.45 * torch.sin(2 * math.pi * t / 64 + beat)
    x = hum + 0.4 * torch.randn(n, SAMPLES, generator=g)
    x = x + (y == 1)[:, None] * arc + (y == 2)[:, None] * loose + (y == 3)[:, None] * water
    return x, y


class DiagonalSSM(nn.Module):
    def __init__(self, width, state=12):
        super().__init__()
        self.log_dt = nn.Parameter(torch.empty(width).uniform_(math.log(0.01), math.log(0.2)))
        self.log_decay = nn.Parameter(torch.full((width, state), math.log(0.5)))
        self.freq = nn.Parameter(math.pi * torch.arange(state).float().repeat(width, 1))
        self.c = nn.Parameter(torch.randn(width, state, 2) * 0.5 ** 0.5)
        self.skip = nn.Parameter(torch.randn(width))

    def kernel(self, length):
        dt = self.log_dt.exp()[:, None]
        pole = torch.complex(-self.log_decay.exp(), self.freq)
        step = pole * dt
        c = torch.view_as_complex(self.c) * (step.exp() - 1) / pole
        powers = torch.exp(step[..., None] * torch.arange(length))
        return 2 * torch.einsum("hn,hnl->hl", c, powers).real

    def forward(self, u):                                   # batch, width, length
        length = u.shape[-1]
        k = torch.fft.rfft(self.kernel(length), n=2 * length)
        y = torch.fft.irfft(torch.fft.rfft(u, n=2 * length) * k, n=2 * length)[..., :length]
        return y + u * self.skip[:, None]


class HumNet(nn.Module):
    def __init__(self, width=16, depth=2):
        super().__init__()
        self.enter = nn.Conv1d(1, width, 1)
        self.ssm = nn.ModuleList(DiagonalSSM(width) for _ in range(depth))
        self.mix = nn.ModuleList(nn.Conv1d(width, 2 * width, 1) for _ in range(depth))
        self.norm = nn.ModuleList(nn.GroupNorm(1, width) for _ in range(depth))
        self.leave = nn.Linear(2 * width, len(FAULTS))

    def forward(self, x):
        h = self.enter(x.unsqueeze(1))
        for ssm, mix, norm in zip(self.ssm, self.mix, self.norm):
            h = h + F.glu(mix(F.gelu(ssm(norm(h)))), 1)
        return self.leave(torch.cat([h.mean(-1), h.amax(-1)], 1))


torch.manual_seed(19)
g = torch.Generator().manual_seed(19)
x, y = recordings(1200, g)
xt, yt = recordings(400, g)
net = HumNet()
slow = [p for n, p in net.named_parameters() if n.endswith(("log_dt", "log_decay", "freq"))]
rest = [p for n, p in net.named_parameters() if not n.endswith(("log_dt", "log_decay", "freq"))]
opt = torch.optim.AdamW([{"params": rest, "lr": 6e-3, "weight_decay": 0.01}, {"params": slow, "lr": 1e-3, "weight_decay": 0.0}])
epochs, size = 9, 30
sched = torch.optim.lr_scheduler.OneCycleLR(opt, [6e-3, 1e-3], epochs=epochs, steps_per_epoch=len(x) // size, pct_start=0.2)
for epoch in range(epochs):
    losses = []
    for i in torch.randperm(len(x), generator=g).view(-1, size):
        loss = F.cross_entropy(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        losses.append(loss.detach())
    with torch.no_grad():
        out = net(xt)
    print(f"{epoch + 1}/{epochs}: loss {torch.stack(losses).mean():.3f}, test loss {F.cross_entropy(out, yt):.3f}, "
          f"test accuracy {(out.argmax(1) == yt).float().mean():.3f}", flush=True)
print(f"test accuracy {(out.argmax(1) == yt).float().mean():.4f}")
