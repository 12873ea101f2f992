# Sea depth around an island from map position and chart corrections.
import math
import torch
from torch import nn

torch.set_num_threads(1)
gen = torch.Generator().manual_seed(8)


def soundings(n):
    pos = torch.rand(n, 2, generator=gen) * 2 - 1
    tide = torch.randn(n, 3, generator=gen)
    r = pos.norm(dim=1)
    depth = torch.sin(3 * r) + 0.5 * torch.cos(2 * pos[:, 0] * math.pi / 2) * pos[:, 1]
    depth = depth + 0.2 * tide[:, 0] - 0.1 * tide[:, 1]
    return torch.cat([pos * 1.7, tide], dim=1), depth.unsqueeze(1)


class DepthNet(nn.Module):
    def __init__(self, n_in, width, n_hidden):
        super().__init__()
        layers = [nn.Linear(n_in, width), nn.Tanh()]
        for _ in range(n_hidden - 1):
            layers += [nn.Linear(width, width), nn.Tanh()]
        layers.append(nn.Linear(width, 1))
        self.body = nn.Sequential(*layers)
        self.apply(self.reset)

    @staticmethod
    def reset(module):
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, mean=0.0, std=0.4)
            nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.body(x)


torch.manual_seed(8)
x, y = soundings(3000)
x_val, y_val = soundings(800)
shift, spread = y.mean(), y.std()
y, y_val = (y - shift) / spread, (y_val - shift) / spread

net = DepthNet(n_in=5, width=80, n_hidden=3)
adam = torch.optim.Adam(net.parameters(), lr=2e-3)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, T_max=40)

for sweep in range(40):
    order = torch.randperm(len(x))
    for start in range(0, len(x), 100):
        pick = order[start:start + 100]
        loss = nn.functional.mse_loss(net(x[pick]), y[pick])
        adam.zero_grad()
        loss.backward()
        adam.step()
    decay.step()
    if sweep in (0, 4, 9, 19, 29, 39):
        with torch.no_grad():
            fit = nn.functional.mse_loss(net(x), y)
            val = nn.functional.mse_loss(net(x_val), y_val)
        print("sweep", sweep, "train", round(fit.item(), 4), "validation", round(val.item(), 4))

with torch.no_grad():
    rest = ((net(x_val) - y_val) ** 2).sum() / ((y_val - y_val.mean()) ** 2).sum()
print(f"validation R2 = {1 - rest.item():.4f}")
