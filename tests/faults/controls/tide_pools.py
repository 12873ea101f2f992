import torch
import torch.nn as nn
import torch.nn.functional as F

"""Count limpets, anemones and crabs in pool images; memory is short, so gradients are gathered over micro-batches."""

MICRO, GATHER, EPOCHS = 16, 4, 30


def pools(n, gen):
    x = 0.15 * torch.randn(n, 1, 20, 20, generator=gen)
    counts = torch.randint(0, 4, (n, 3), generator=gen)
    shapes = [torch.tensor([[0, 1, 0], [1, 1, 1], [0, 1, 0.]]), torch.tensor([[1, 0, 1], [0, 0, 0], [1, 0, 1.]]), torch.tensor([[-1, -1, -1], [-1, -1, -1], [-1, -1, -1.]])]
    for i in range(n):
        free = torch.randperm(25, generator=gen)[: int(counts[i].sum())].tolist()
        for k in range(3):
            for _ in range(int(counts[i, k])):
                c = free.pop()
                r, s = 4 * (c // 5), 4 * (c % 5)
                x[i, 0, r:r + 3, s:s + 3] += shapes[k]
    return x, counts.float()


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.c2 = nn.Conv2d(16, 16, 3, padding=1)
        self.c3 = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        h = F.relu(self.c2(F.relu(self.c1(x))))
        return F.softplus(self.c3(h)).sum((2, 3)) + 1e-3


def main():
    torch.manual_seed(70)
    gen = torch.Generator().manual_seed(70)
    x, y = pools(1600, gen)
    xt, yt = pools(500, gen)
    net = Counter()
    nn.init.constant_(net.c3.bias, -5.0)
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    updates = EPOCHS * (1600 // (MICRO * GATHER))
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, total_steps=updates)
    loss_fn = nn.PoissonNLLLoss(log_input=False)
    for epoch in range(EPOCHS):
        net.train()
        micro = torch.randperm(1600).split(MICRO)
        shown = 0.0
        for k, idx in enumerate(micro):
            loss = loss_fn(net(x[idx]), y[idx]) / GATHER
            loss.backward()
            shown += loss.item()
            if (k + 1) % GATHER == 0:
                opt.step()
                opt.zero_grad()
                sched.step()
        net.eval()
        with torch.no_grad():
            out = net(xt)
            exact = (out.round() == yt).float().mean().item()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1} loss {shown / len(micro):.4f} test loss {loss_fn(out, yt).item():.4f} exact counts {exact:.4f}")


main()
