"""Bikes left in the city's racks: rack embeddings and a small network over hour, weather and weekday."""
import numpy as np
import torch
import torch.nn as nn

RACKS = 60


def observations(n, seed, city):
    rng = np.random.default_rng(seed)
    rack = rng.integers(0, RACKS, n)
    hour = rng.uniform(0, 24, n)
    weekend = rng.integers(0, 2, n)
    rain = rng.exponential(1.0, n) * (rng.random(n) < 0.4)
    phase = 2 * np.pi * hour / 24
    level = city["level"][rack] + city["commute"][rack] * np.cos(phase - city["shift"][rack]) * (1 - 0.7 * weekend)
    level = level + 0.35 * rain + rng.normal(0, 0.3, n)
    x = np.column_stack([np.sin(phase), np.cos(phase), np.sin(2 * phase), np.cos(2 * phase),
                         weekend - 0.5, rain - 0.4]).astype(np.float32)
    return torch.from_numpy(rack), torch.from_numpy(x), torch.tensor(level, dtype=torch.float32)


class RackModel(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.rack = nn.Embedding(RACKS, dim)
        nn.init.normal_(self.rack.weight, std=0.3)
        self.net = nn.Sequential(nn.Linear(dim + 6, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, rack, x):
        return self.net(torch.cat([self.rack(rack), x], dim=1)).squeeze(1)


def fit(model, data, held_out, epochs=12, batch=64):
    net_opt = torch.optim.Adam(model.net.parameters(), lr=3e-3)
    rack_opt = torch.optim.Adam(model.rack.parameters(), lr=1e-2)
    optimizers = [net_opt, rack_opt]
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(o, epochs) for o in optimizers]
    rack, x, y = data
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(y)).split(batch):
            loss = nn.functional.mse_loss(model(rack[rows], x[rows]), y[rows])
            loss.backward()
            for opt in optimizers:
                opt.step()
                model.zero_grad()
            total += loss.item() * len(rows)
        for s in schedules:
            s.step()
        mse, r2 = score(model, held_out)
        print(f"epoch {epoch + 1:2d}  train mse {total / len(y):.4f}  held-out mse {mse:.4f}  r2 {r2:.3f}")


@torch.no_grad()
def score(model, data):
    model.eval()
    rack, x, y = data
    mse = nn.functional.mse_loss(model(rack, x), y).item()
    return mse, 1 - mse / y.var(unbiased=False).item()


if __name__ == "__main__":
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    city = {"level": rng.normal(0, 0.7, RACKS), "commute": rng.normal(0, 1.0, RACKS),
            "shift": rng.uniform(0, 2 * np.pi, RACKS)}
    train, test = observations(6000, 1, city), observations(1500, 2, city)
    model = RackModel()
    fit(model, train, test)
    print("final r2: %.4f" % score(model, test)[1])
