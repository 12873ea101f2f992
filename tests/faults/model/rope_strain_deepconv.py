"""Where along a loaded rope is the damage?  Plain deep 1-D convnet on strain traces."""
import torch
from torch import nn
import torch.nn.functional as F

N_ZONES = 6
LENGTH = 48


def traces(n, gen):
    zone = torch.randint(0, N_ZONES, (n,), generator=gen)
    pos = torch.arange(LENGTH).float()
    centre = (zone + torch.rand(n, generator=gen)) * LENGTH / N_ZONES
    bump = torch.exp(-((pos - centre[:, None]) / 2.0) ** 2)
    ripple = torch.sin(pos * 0.8 + 6.28 * torch.rand(n, 1, generator=gen))
    x = 1.6 * bump + 0.5 * ripple + 0.4 * torch.randn(n, LENGTH, generator=gen)
    return ((x - x.mean()) / x.std()).unsqueeze(1), zone


class ConvLayer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x):
        return torch.sigmoid(self.conv(x))


class RopeNet(nn.Module):
    def __init__(self, channels=12, depth=5):
        super().__init__()
        self.stem = nn.Conv1d(1, channels, 5, padding=2)
        self.layers = nn.Sequential(*[ConvLayer(channels) for _ in range(depth)])
        self.head = nn.Linear(channels * LENGTH // 4, N_ZONES)

    def forward(self, x):
        h = self.layers(self.stem(x))
        h = F.avg_pool1d(h, 4)
        return self.head(h.flatten(1))


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        out = net(x)
    return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def main(epochs=8, batch=40, lr=0.03):
    gen = torch.Generator().manual_seed(21)
    torch.manual_seed(21)
    x_train, y_train = traces(1600, gen)
    x_val, y_val = traces(400, gen)
    net = RopeNet()
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for i in torch.randperm(len(x_train)).split(batch):
            loss = F.cross_entropy(net(x_train[i]), y_train[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(i)
        sched.step()
        val_loss, acc = accuracy(net, x_val, y_val)
        print(f"epoch {epoch + 1:2d} | loss {total / len(x_train):.4f} | val loss {val_loss:.4f} | val acc {acc:.4f}")
    print(f"zone accuracy {acc:.4f}")


main()
