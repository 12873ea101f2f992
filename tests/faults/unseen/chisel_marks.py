"""Tool marks on stone: which chisel made this 12x12 patch?"""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(61)
torch.set_num_threads(1)

CHISELS = ["point", "tooth", "flat", "bush", "round", "droves"]


def patches(n):
    label = torch.randint(0, len(CHISELS), (n,))
    axis = torch.arange(12.0)
    yy, xx = torch.meshgrid(axis, axis, indexing="ij")
    angle = torch.tensor([0.0, 0.5, 1.05, 1.6, 2.1, 2.6])[label] + 0.08 * torch.randn(n)
    ramp = xx * torch.cos(angle)[:, None, None] + yy * torch.sin(angle)[:, None, None]
    mark = torch.sin(1.7 * ramp + 6.28 * torch.rand(n)[:, None, None])
    return (mark + 1.5 * torch.randn(n, 12, 12)).unsqueeze(1), label


class ChiselNet(nn.Module):
    def __init__(self, channels=(1, 10, 20, 20)):
        super().__init__()
        self.blocks = []
        for c_in, c_out in zip(channels, channels[1:]):
            self.blocks.append(nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1), nn.LeakyReLU(0.1)))
        self.norm = nn.LayerNorm(channels[-1])
        self.out = nn.Linear(channels[-1], len(CHISELS))

    def forward(self, x):
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i == 0:
                x = F.avg_pool2d(x, 2, stride=1)
        return self.out(self.norm(x.abs().mean(dim=(2, 3))))


x, y = patches(1800)
x_test, y_test = patches(400)
net = ChiselNet()
opt = torch.optim.NAdam(net.parameters(), lr=4e-3)
n_epochs = 20

for epoch in range(n_epochs):
    net.train()
    order = torch.randperm(len(x))
    running = 0.0
    for rows in order.chunk(24):
        opt.zero_grad()
        loss = F.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        opt.step()
        running += loss.item() / 24
    net.eval()
    with torch.no_grad():
        acc = (net(x_test).argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch:2d}  mean loss {running:.3f}  test accuracy {acc:.3f}")
