"""Which of eight lock chambers an echo sounder is in, from a pair of bearings and two ranges."""
import math
import torch
from torch import nn, optim

HIDDEN = 2
CHAMBERS = 8
EPOCHS = 24


def soundings(n, gen):
    y = torch.randint(0, CHAMBERS, (n,), generator=gen)
    ring = (y % 2).float()
    angle = (y // 2).float() * math.pi / 2 + ring * math.pi / 4 + 0.28 * torch.randn(n, generator=gen)
    radius = 1.0 + 0.9 * ring + 0.16 * torch.randn(n, generator=gen)
    p = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    extra = p @ torch.tensor([[0.6, -0.4], [0.3, 0.9]]) + 0.4 * torch.randn(n, 2, generator=gen)
    x = torch.cat([p, extra], 1)
    return (x - x.mean(0)) / x.std(0), y


def main():
    torch.manual_seed(31)
    gen = torch.Generator().manual_seed(31)
    x, y = soundings(4000, gen)
    x_train, y_train, x_test, y_test = x[:3000], y[:3000], x[3000:], y[3000:]
    net = nn.Sequential(nn.Linear(4, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CHAMBERS))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.MultiStepLR(optimizer, [16, 21], gamma=0.3)
    for epoch in range(EPOCHS):
        net.train()
        running = 0.0
        for idx in torch.randperm(3000).split(50):
            optimizer.zero_grad()
            loss = loss_fn(net(x_train[idx]), y_train[idx])
            loss.backward()
            optimizer.step()
            running += loss.item() * len(idx) / 3000
        schedule.step()
        net.eval()
        with torch.no_grad():
            logits = net(x_test)
            test_loss = loss_fn(logits, y_test).item()
            acc = (logits.argmax(1) == y_test).float().mean().item()
        if epoch % 2 == 1:
            print(f"epoch {epoch + 1:3d} train loss {running:.4f} test loss {test_loss:.4f} test acc {acc:.4f}")
    print(f"chamber accuracy {acc:.4f}")


main()
