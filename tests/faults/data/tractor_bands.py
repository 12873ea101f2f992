"""Price bands (10 %, 50 %, 90 %) for used tractors at auction; pinball loss."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

LEVELS = torch.tensor([0.1, 0.5, 0.9])


def auction_book(n=6000, seed=19):
    r = np.random.default_rng(seed)
    age = r.gamma(3, 3, n)
    hours = age * r.uniform(150, 900, n)
    power = r.normal(110, 35, n).clip(35, 260)
    brand = r.integers(0, 5, n)
    loader = r.integers(0, 2, n)
    tyres = r.uniform(0, 1, n)
    spread = 0.06 + 0.05 * (brand == 3) + 0.01 * age
    price = (9000 + 330 * power * np.exp(-age / 11) - 0.55 * hours + 2500 * loader
             + np.array([4000, 0, -2000, 1500, -3500])[brand] + 3000 * tyres)
    price = price * np.exp(spread * r.normal(size=n))
    x = np.column_stack([age, hours, power, loader, tyres, np.eye(5)[brand]])
    x = (x - x.mean(0)) / x.std(0)
    return x.astype(np.float32), price.astype(np.float32)


def pinball(q, y):
    gap = y[:, None] - q
    return torch.maximum(LEVELS * gap, (LEVELS - 1) * gap).mean()


class Bands(nn.Module):
    """The median and two non-negative distances from it, so that bands never cross."""

    def __init__(self, d):
        super().__init__()
        self.l1 = nn.Linear(d, 64)
        self.l2 = nn.Linear(64, 64)
        self.out = nn.Linear(64, 3)

    def forward(self, x):
        h = torch.relu(self.l2(torch.relu(self.l1(x))))
        mid, low, high = self.out(h).unbind(1)
        soft = nn.functional.softplus
        return torch.stack([mid - soft(low), mid, mid + soft(high)], 1)


@torch.no_grad()
def evaluate(model, x, y):
    model.eval()
    q = model(x)
    flat = torch.quantile(y, LEVELS).expand(len(y), 3)
    inside = ((y >= q[:, 0]) & (y <= q[:, 2])).float().mean().item()
    return 1 - (pinball(q, y) / pinball(flat, y)).item(), inside


if __name__ == "__main__":
    torch.manual_seed(19)
    x, price = auction_book()
    target = price
    data = TensorDataset(torch.from_numpy(x), torch.from_numpy(target))
    fit, held = random_split(data, [5000, 1000])
    xv, yv = held[:]
    model = Bands(x.shape[1])
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, [8, 11], gamma=0.2)
    for epoch in range(14):
        model.train()
        for xb, yb in DataLoader(fit, batch_size=100, shuffle=True):
            opt.zero_grad()
            loss = pinball(model(xb), yb)
            loss.backward()
            opt.step()
        sched.step()
        skill, inside = evaluate(model, xv, yv)
        if epoch % 2:
            print(f"Epoch {epoch + 1}/14 - last batch {loss.item():.4g} - pinball skill {skill:.3f} - inside 80% band {inside:.2f}")
    print(f"Pinball skill: {skill:.4f}")
