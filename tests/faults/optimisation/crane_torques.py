"""Joint torques of a three-link loading crane (inverse dynamics), weight-normalised network.

The controller asks for the torque at each joint, given angles, velocities and accelerations.
"""
import copy
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

torch.manual_seed(2)
FACTORY = {
    "optimiser": {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop},
    "activation": {"tanh": nn.Tanh, "silu": nn.SiLU},
}
cfg = {"optimiser": "rmsprop", "activation": "silu", "widths": (56, 56, 56), "lr": 3e-3, "patience": 12, "most": 60, "batch": 100}


def crane(n):
    q = torch.rand(n, 3) * 2.4 - 1.2
    v = torch.randn(n, 3)
    a = torch.randn(n, 3)
    length, mass = torch.tensor([1.0, 0.8, 0.5]), torch.tensor([2.0, 1.4, 0.9])
    reach = q.cumsum(1)
    tip_x, tip_y = length * reach.cos(), length * reach.sin()
    torque = []
    for j in range(3):
        grav = (mass[j:] * tip_x[:, j:].cumsum(1)).sum(1)
        inertia = sum(mass[k] * (tip_x[:, j:k + 1].sum(1) ** 2 + tip_y[:, j:k + 1].sum(1) ** 2) for k in range(j, 3))
        coriolis = -(mass[j:] * (q[:, j:].sin() * v[:, j:].cumsum(1) ** 2)).sum(1)
        torque.append(2.0 * grav + inertia * a[:, j] + 0.5 * coriolis + 0.3 * torch.tanh(3 * v[:, j]))
    t = torch.stack(torque, 1)
    return torch.cat([q.sin(), q.cos(), v, a], 1), t + 0.05 * torch.randn_like(t)


class CraneNet(nn.Module):
    def __init__(self, inputs, widths, activation):
        super().__init__()
        sizes = [inputs, *widths]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.act = activation()
        self.out = nn.Linear(sizes[-1], 3)

    def forward(self, x):
        for layer in self.layers:
            x = self.act(layer(x))
        return self.out(x)


def normalise_weights(net):
    for layer in net.layers:
        weight_norm(layer)
    return net


def fractions(net, x, y):
    with torch.no_grad():
        return 1 - (net(x) - y).square().mean(0) / y.var(0, unbiased=False)


x, y = crane(5200)
x, y = (x - x[:4000].mean(0)) / x[:4000].std(0), (y - y[:4000].mean(0)) / y[:4000].std(0)
(xt, xv, xe), (yt, yv, ye) = x.split([4000, 600, 600]), y.split([4000, 600, 600])

net = CraneNet(x.shape[1], cfg["widths"], FACTORY["activation"][cfg["activation"]])
opt = FACTORY["optimiser"][cfg["optimiser"]](net.parameters(), lr=cfg["lr"])
net = normalise_weights(net)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.4, patience=3)

best, waited, kept = float("inf"), 0, None
for epoch in range(cfg["most"]):
    running = torch.zeros(())
    for rows in torch.randperm(len(xt)).split(cfg["batch"]):
        loss = nn.functional.mse_loss(net(xt[rows]), yt[rows])
        net.zero_grad()
        loss.backward()
        opt.step()
        running += loss.detach() * len(rows)
    with torch.no_grad():
        val = nn.functional.mse_loss(net(xv), yv).item()
    plateau.step(val)
    if val < best - 1e-5:
        best, waited, kept = val, 0, copy.deepcopy(net.state_dict())
    else:
        waited += 1
    if epoch % 6 == 0:
        print("epoch {:>2}  train {:.4f}  val {:.4f}  lr {:.0e}".format(epoch, running.item() / len(xt), val, opt.param_groups[0]["lr"]))
    if waited >= cfg["patience"]:
        print("no better for", waited, "epochs, stopping at", epoch)
        break

net.load_state_dict(kept)
each = fractions(net, xe, ye)
print("per joint:", [round(f, 3) for f in each.tolist()])
print(f"explained torque (mean of joints): {each.mean():.4f}")
