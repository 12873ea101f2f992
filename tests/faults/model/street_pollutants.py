"""Four pollutants from traffic and weather: common trunk, one head per pollutant."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

POLLUTANTS = ["no2", "o3", "pm25", "co"]


class StreetDataset(Dataset):
    def __init__(self, X, targets):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.targets = {k: torch.tensor(v, dtype=torch.float32) for k, v in targets.items()}

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], {k: v[i] for k, v in self.targets.items()}


def simulate(n, rng):
    traffic, wind, temp, sun, rain = rng.normal(size=(5, n))
    base = traffic - 0.7 * np.tanh(wind) - 0.3 * rain
    out = {"no2": base + 0.4 * np.abs(temp),
           "o3": 0.3 * base + 0.8 * sun + 0.3 * temp * sun,
           "pm25": base - 0.5 * np.maximum(rain, 0) - 0.2 * temp,
           "co": 0.8 * base - 0.5 * temp}
    out = {k: v + 0.2 * rng.normal(size=n) for k, v in out.items()}
    return np.stack([traffic, wind, temp, sun, rain], 1), out


class MultiHead(nn.Module):
    def __init__(self, n_in, hidden=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.heads = nn.ModuleDict(dict.fromkeys(POLLUTANTS, nn.Linear(hidden, 1)))

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h).squeeze(1) for name, head in self.heads.items()}


def multitask_loss(pred, target):
    return sum(nn.functional.mse_loss(pred[k], target[k]) for k in POLLUTANTS) / len(POLLUTANTS)


def main():
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    X, t = simulate(4000, rng)
    stats = {k: (v[:3200].mean(), v[:3200].std()) for k, v in t.items()}
    t = {k: (v - stats[k][0]) / stats[k][1] for k, v in t.items()}
    train = StreetDataset(X[:3200], {k: v[:3200] for k, v in t.items()})
    val = StreetDataset(X[3200:], {k: v[3200:] for k, v in t.items()})
    loader = DataLoader(train, batch_size=80, shuffle=True)
    model = MultiHead(X.shape[1])
    opt = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    sched = torch.optim.lr_scheduler.StepLR(opt, 6, gamma=0.4)
    for epoch in range(16):
        model.train()
        total = 0.0
        for x, target in loader:
            opt.zero_grad()
            loss = multitask_loss(model(x), target)
            loss.backward()
            opt.step()
            total += loss.item()
        sched.step()
        model.eval()
        with torch.no_grad():
            pred = model(val.X)
            per_task = {k: nn.functional.mse_loss(pred[k], val.targets[k]).item() for k in POLLUTANTS}
        print(f"epoch {epoch:2d} train {total / len(loader):.4f} val "
              + " ".join(f"{k}={v:.3f}" for k, v in per_task.items()))
    print(f"mean validation MSE: {np.mean(list(per_task.values())):.4f}")


if __name__ == "__main__":
    main()
