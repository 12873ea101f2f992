import torch
import torch.nn as nn

torch.manual_seed(57)
torch.set_default_dtype(torch.float32)
D, W0 = 0.5, 4.0


def exact(t):
    w = (W0 ** 2 - D ** 2) ** 0.5
    return torch.exp(-D * t) * (torch.cos(w * t) + D / w * torch.sin(w * t))


class PINN(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, t):
        return self.net(2 * t - 1.0)


def derivative(out, inp):
    return torch.autograd.grad(out, inp, torch.ones_like(out), create_graph=True)[0]


model = PINN()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1500)
t0 = torch.zeros(1, 1, requires_grad=True)
t_test = torch.linspace(0, 1, 200).unsqueeze(1)
for it in range(1, 1501):
    t = torch.rand(64, 1, requires_grad=True)
    u = model(t)
    du = derivative(u, t)
    ddu = derivative(du, t)
    residual = (ddu + 2 * D * du + W0 ** 2 * u) / W0 ** 2
    u0 = model(t0)
    du0 = derivative(u0, t0)
    loss = residual.pow(2).mean() + (u0 - 1).pow(2).sum() + (du0 / W0).pow(2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if it % 150 == 0:
        with torch.no_grad():
            err = (model(t_test) - exact(t_test)).abs().max().item()
        print(f"{it:5d} loss {loss.item():.6f} max error {err:.5f}")
print(f"max error {err:.5f}")
