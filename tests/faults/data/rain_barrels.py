"""How full is a rain barrel the next morning? Four gardens logged into separate tables."""
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def garden(name, n, roof, rng):
    weather = pd.DataFrame({
        "rain": rng.gamma(0.8, 6.0, n),
        "wind": rng.gamma(2.0, 2.0, n),
        "temp": rng.normal(14, 6, n),
        "used": rng.poisson(3, n) * 8.0,
        "before": rng.uniform(0, 250, n),
        "roof": roof,
    })
    weather.insert(0, "garden", name)
    catch = weather.rain * roof * (0.95 - 0.03 * weather.wind.clip(upper=10))
    evap = 0.15 * weather.temp.clip(lower=0)
    litres = (weather.before + catch - weather.used - evap).clip(0, 300) + rng.normal(0, 6, n)
    return weather, pd.Series(litres, name="litres")


def collect(rng, n):
    plots = {"kiln": 18.0, "orchard": 9.0, "lane": 13.0, "mews": 5.0}
    parts = {k: garden(k, n, roof, rng) for k, roof in plots.items()}
    weather = pd.concat([parts[k][0] for k in plots], ignore_index=True)
    litres = pd.concat([parts[k][1] for k in plots], ignore_index=True)
    return weather, litres


def to_tensors(weather, litres, stats):
    cols = ["rain", "wind", "temp", "used", "before", "roof"]
    x = (weather[cols] - stats[0][cols]) / stats[1][cols]
    return torch.tensor(x.values, dtype=torch.float32), torch.tensor(((litres - 130) / 90).values, dtype=torch.float32)


def main():
    rng = np.random.default_rng(55)
    torch.manual_seed(55)
    weather, litres = collect(rng, 900)
    dry = weather.rain < 1.5
    weather = pd.concat([weather[~dry], weather[dry]], ignore_index=True)
    litres = pd.concat([litres[~dry], litres[dry].sort_index(ascending=False)], ignore_index=True)
    stats = weather.drop(columns="garden").mean(), weather.drop(columns="garden").std()
    x, y = to_tensors(weather, litres, stats)
    test_weather, test_litres = collect(rng, 250)
    xt, yt = to_tensors(test_weather, test_litres, stats)

    model = nn.Sequential(nn.Linear(6, 48), nn.GELU(), nn.Linear(48, 48), nn.GELU(), nn.Linear(48, 1), nn.Flatten(0))
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    epochs = 25
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    dl = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    for epoch in range(epochs):
        model.train()
        s = 0.0
        for xb, yb in dl:
            loss = nn.functional.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            s += loss.item() * len(xb)
        sched.step()
        model.eval()
        with torch.no_grad():
            mae = (model(xt) - yt).abs().mean().item() * 90
        if epoch % 4 == 0:
            print(f"epoch {epoch:2d}  train mse {s / len(x):.4f}  test mae {mae:.2f} litres")
    print(f"done, test mae {mae:.2f} litres")


if __name__ == "__main__":
    main()
