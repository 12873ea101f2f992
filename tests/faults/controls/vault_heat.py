"""Cooling of a wine vault wall: u_t = k u_xx on 0 < x < 1, sensors with noise, conductivity k unknown (invented truth 0.085)."""
import math
import torch
import torch.nn as nn

torch.manual_seed(12)
torch.set_default_dtype(torch.float64)

K_TRUE = 0.085


def truth(x, t):
    p = math.pi
    return (torch.sin(p * x) * torch.exp(-K_TRUE * p ** 2 * t)
            + 0.5 * torch.sin(2 * p * x) * torch.exp(-4 * K_TRUE * p ** 2 * t))


class Wall(nn.Module):
    def __init__(self, width=20):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))
        self.log_k = nn.Parameter(torch.tensor(math.log(0.02)))

    def forward(self, x, t):
        return x * (1 - x) * self.net(torch.stack([2 * x - 1, 2 * t - 1], 1)).squeeze(1)

    def residual(self, x, t):
        x, t = x.requires_grad_(True), t.requires_grad_(True)
        u = self(x, t)
        ux, ut = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
        uxx, = torch.autograd.grad(ux.sum(), x, create_graph=True)
        return ut - self.log_k.exp() * uxx


xs, ts = torch.rand(300), torch.rand(300)
us = truth(xs, ts) + 0.05 * torch.randn(300)
xc, tc = torch.rand(400), torch.rand(400)
gx, gt = torch.meshgrid(torch.linspace(0, 1, 41), torch.linspace(0, 1, 41), indexing="ij")
gx, gt = gx.flatten(), gt.flatten()
gu = truth(gx, gt)

wall = Wall()


def parts():
    data = ((wall(xs, ts) - us) ** 2).mean()
    phys = (wall.residual(xc, tc) ** 2).mean()
    return data, phys


def report(tag):
    data, phys = parts()
    with torch.no_grad():
        err = ((wall(gx, gt) - gu).norm() / gu.norm()).item()
    print(f"{tag:>10}: sensors {data.item():.5f} equation {phys.item():.6f} k {wall.log_k.exp().item():.4f} field error {err:.4f}")
    return err


adam_steps, lr = 300, 5e-3
opt = torch.optim.Adam(wall.parameters(), lr=lr)
for it in range(adam_steps):
    opt.zero_grad()
    data, phys = parts()
    (data + 0.1 * phys).backward()
    opt.step()
    if it % 100 == 99:
        report(f"adam {it + 1}")

rounds = 5
opt = torch.optim.LBFGS(wall.parameters(), lr=1.0, max_iter=60, history_size=30, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    data, phys = parts()
    loss = data + 0.1 * phys
    loss.backward()
    return loss


for r in range(rounds):
    opt.step(closure)
    err = report(f"lbfgs {r + 1}")
print(f"relative field error {err:.4f}")
