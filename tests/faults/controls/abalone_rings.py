"""Ring counts of abalone from shell measures. Rings vary a great deal between equal shells."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def shells(count, seed):
    rng = np.random.default_rng(seed)
    length = rng.beta(6, 4, count) * 0.8
    width = length * rng.normal(0.8, 0.03, count)
    height = length * rng.normal(0.27, 0.03, count)
    weight = 5.2 * length * width * height * rng.normal(1, 0.08, count)
    meat = weight * rng.normal(0.43, 0.04, count)
    shell = weight * rng.normal(0.28, 0.03, count)
    sex = rng.integers(0, 3, count)
    expected = 4 + 14 * shell / (0.2 + meat) * length + 1.5 * (sex == 0) + 6 * height
    rings = rng.poisson(expected)
    return np.column_stack([length, width, height, weight, meat, shell, sex == 0, sex == 1]), expected, rings


class RingModel(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(8, width), nn.Softplus(), nn.Linear(width, width), nn.Softplus())
        self.rate = nn.Linear(width, 1)

    def forward(self, x):
        return self.rate(self.inner(x)).squeeze(1)


def deviance(rate, rings):
    ratio = torch.where(rings > 0, rings * torch.log(rings.clamp(min=1) / rate), torch.zeros_like(rings))
    return (2 * (ratio - rings + rate)).mean().item()


def main():
    torch.manual_seed(19)
    x, _, rings = shells(4000, seed=1)
    x_test, expected, rings_test = shells(1500, seed=2)
    mean, std = x.mean(0), x.std(0)
    x = torch.tensor((x - mean) / std, dtype=torch.float32)
    x_test = torch.tensor((x_test - mean) / std, dtype=torch.float32)
    rings, rings_test = torch.tensor(rings).float(), torch.tensor(rings_test).float()
    expected = torch.tensor(expected).float()

    model = RingModel()
    nn.init.constant_(model.rate.bias, rings.mean().log().item())
    criterion = nn.PoissonNLLLoss(log_input=True, full=True, reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [18, 22], gamma=0.2)
    loader = DataLoader(TensorDataset(x, rings), batch_size=128, shuffle=True)
    for epoch in range(1, 25):
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        schedule.step()
        if epoch % 2 == 0:
            model.eval()
            with torch.no_grad():
                test = criterion(model(x_test), rings_test).item() / len(x_test)
            print(f"epoch {epoch:2d}: nll per shell {total / len(x):.4f} (train)  {test:.4f} (test)")

    model.eval()
    with torch.no_grad():
        rate = model(x_test).exp()
    error = ((rings_test - rate) ** 2).mean()
    floor = ((rings_test - expected) ** 2).mean()
    variance = rings_test.var(unbiased=False)
    print(f"deviance: model {deviance(rate, rings_test):.4f}, true rates {deviance(expected, rings_test):.4f}")
    print(f"R2 that the true rates reach: {(1 - floor / variance).item():.4f}")
    print(f"ring R2: {(1 - error / variance).item():.4f}")


if __name__ == "__main__":
    main()
