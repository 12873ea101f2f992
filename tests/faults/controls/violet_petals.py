"""Pressed violets, four kinds: a multi-class hinge loss, wide first layer, SGD with heavy momentum."""
import torch
from torch import nn

KINDS, TRAITS = 4, 10


class Petals:
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        world = torch.Generator().manual_seed(99)
        centre = 1.3 * torch.randn(KINDS, 3, TRAITS, generator=world)
        self.kind = torch.randint(0, KINDS, (n,), generator=g)
        form = torch.randint(0, 3, (n,), generator=g)
        self.trait = centre[self.kind, form] + 0.9 * torch.randn(n, TRAITS, generator=g)

    def scaled(self, mean, std):
        return (self.trait - mean) / std


class MarginLoss(nn.Module):
    """Crammer and Singer: the right kind has to lead the best wrong one by one."""

    def forward(self, score, kind):
        right = score.gather(1, kind.unsqueeze(1)).squeeze(1)
        wrong = score.scatter(1, kind.unsqueeze(1), float("-inf")).max(dim=1).values
        return (1 + wrong - right).clamp(min=0).mean()


class PetalNet(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.wide = nn.Linear(TRAITS, width)
        self.score = nn.Linear(width, KINDS)

    def forward(self, x):
        return self.score(torch.relu(self.wide(x)))


def measure(net, loss_fn, x, kind):
    net.eval()
    with torch.no_grad():
        score = net(x)
        return loss_fn(score, kind).item(), (score.argmax(1) == kind).float().mean().item()


def main():
    torch.manual_seed(33)
    train, test = Petals(9000, 1), Petals(2000, 2)
    mean, std = train.trait.mean(0), train.trait.std(0)
    x, x_test = train.scaled(mean, std), test.scaled(mean, std)
    net, loss_fn = PetalNet(), MarginLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.95, weight_decay=1e-3)
    epochs, batch = 14, 100
    scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=epochs * len(x) // batch, power=1.0)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(batch):
            loss = loss_fn(net(x[idx]), train.kind[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(idx)
        if epoch % 2 == 1:
            held, acc = measure(net, loss_fn, x_test, test.kind)
            print(f"epoch {epoch + 1:2d}: hinge {total / len(x):.4f}, test hinge {held:.4f}, test accuracy {acc:.4f}")
    active = (net.wide(x_test) > 0).float().mean().item()
    print(f"share of active units {active:.3f}")
    print(f"petal accuracy: {acc:.4f}")


main()
