# Strike tone of a cast bell from its profile.  Implicit-depth network: one cell iterated to its fixed point without
# building a graph, then a single further application carries the gradient (Jacobian-free backpropagation).
import torch
import torch.nn as nn

torch.manual_seed(27)


def cast(n, g):
    x = torch.rand(n, 7, generator=g) * 2 - 1          # height, rim, waist, shoulder, tin share, wall, temperature
    tone = 1.5 * x[:, 0] - x[:, 1] * x[:, 5] + torch.cos(2.5 * x[:, 2]) + 0.8 * torch.tanh(3 * x[:, 3] * x[:, 4])
    tone = tone + 0.5 * x[:, 6].abs() + 0.12 * torch.randn(n, generator=g)
    return x / 0.577, tone


class FixedPointCell(nn.Module):
    def __init__(self, n_in, width):
        super().__init__()
        self.inject = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width))
        self.mix = nn.Linear(width, width, bias=False)
        with torch.no_grad():
            self.mix.weight.mul_(0.5)

    def forward(self, z, u):
        return torch.relu(self.mix(z) + u)


class BellNet(nn.Module):
    def __init__(self, width=64, max_iter=12, tol=1e-3):
        super().__init__()
        self.cell = FixedPointCell(7, width)
        self.read = nn.Linear(width, 1)
        self.max_iter, self.tol, self.used = max_iter, tol, 0

    def forward(self, x):
        u = self.cell.inject(x)
        with torch.no_grad():
            z = torch.zeros_like(u)
            for k in range(self.max_iter):
                nxt = self.cell(z, u)
                gap = (nxt - z).norm() / (nxt.norm() + 1e-8)
                z = nxt
                if gap < self.tol:
                    break
            self.used = k + 1
        z = self.cell(z.detach(), u)
        return self.read(z)[:, 0]


g = torch.Generator().manual_seed(1)
x_tr, t_tr = cast(5000, g)
x_va, t_va = cast(1000, g)
m, s = t_tr.mean(), t_tr.std()
t_tr, t_va = (t_tr - m) / s, (t_va - m) / s

net = BellNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
epochs = 16
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
for epoch in range(epochs):
    net.train()
    perm = torch.randperm(len(x_tr))
    tot = 0.0
    for part in perm.split(100):
        loss = nn.functional.smooth_l1_loss(net(x_tr[part]), t_tr[part])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(part)
    sched.step()
    net.eval()
    with torch.no_grad():
        p = net(x_va)
        va = nn.functional.smooth_l1_loss(p, t_va)
    if epoch % 2:
        print(f"{epoch + 1:2d}/{epochs} train {tot / len(x_tr):.4f} valid {va:.4f} "
              f"rmse {(p - t_va).square().mean().sqrt():.4f} ({net.used} iterations to rest)")
print(f"share of tone variance explained: {1 - (p - t_va).square().mean() / t_va.var():.4f}")
