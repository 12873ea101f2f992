"""Two questions about a street: how fast do its cobbles wear, and do they need relaying?"""
import torch
from torch import nn


class StreetNet(nn.Module):
    def __init__(self, inputs=12, width=64):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.wear = nn.Linear(width, 1)
        self.relay = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.wear(h).squeeze(1), self.relay(h).squeeze(1)


def streets(count, generator):
    x = torch.randn(count, 12, generator=generator)
    traffic, frost, slope, age, joint = x[:, 0], x[:, 1], x[:, 2], x[:, 3], x[:, 4]
    wear = 0.8 * traffic + 0.6 * frost * joint + 0.5 * torch.sin(2 * slope) + 0.4 * traffic * slope
    wear = wear + 0.15 * torch.randn(count, generator=generator)
    loose = 2.5 * (wear * 0.7 + 0.9 * age - 0.6 * torch.relu(joint) - 0.1)
    relay = (torch.rand(count, generator=generator) < torch.sigmoid(3 * loose)).float()
    return x, wear, relay


def epoch_batches(tensors, size, generator):
    for rows in torch.randperm(len(tensors[0]), generator=generator).split(size):
        yield tuple(t[rows] for t in tensors)


def both_losses(model, x, wear, relay):
    wear_hat, relay_logit = model(x)
    return (nn.functional.mse_loss(wear_hat, wear),
            nn.functional.binary_cross_entropy_with_logits(relay_logit, relay))


def report(model, x, wear, relay):
    model.eval()
    with torch.no_grad():
        wear_hat, logit = model(x)
    r2 = 1 - ((wear - wear_hat) ** 2).sum() / ((wear - wear.mean()) ** 2).sum()
    return r2.item(), ((logit > 0).float() == relay).float().mean().item()


def main():
    torch.manual_seed(21)
    generator = torch.Generator().manual_seed(21)
    train = streets(4000, generator)
    test = streets(1000, generator)
    centre, spread = train[1].mean(), train[1].std()
    train = (train[0], (train[1] - centre) / spread, train[2])
    test = (test[0], (test[1] - centre) / spread, test[2])
    model = StreetNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.04)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=24)
    for epoch in range(1, 25):
        model.train()
        sums = [0.0, 0.0]
        for batch in epoch_batches(train, 80, generator):
            losses = both_losses(model, *batch)
            optimizer.zero_grad()
            (losses[0] + losses[1]).backward()
            optimizer.step()
            for i in range(2):
                sums[i] += losses[i].item() * len(batch[0])
        scheduler.step()
        if epoch % 4 == 0:
            model.eval()
            with torch.no_grad():
                held = both_losses(model, *test)
            print(f"epoch {epoch:2d}  wear {sums[0] / 4000:.4f} / {held[0].item():.4f}"
                  f"  relay {sums[1] / 4000:.4f} / {held[1].item():.4f}")
    r2, accuracy = report(model, *test)
    print(f"relay accuracy {accuracy:.4f}")
    print(f"wear R2: {r2:.4f}")


if __name__ == "__main__":
    main()
