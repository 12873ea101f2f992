"""Ozone at orchard stations with its uncertainty: the growers' co-op wants a mean and a spread for each
station-day, so the network has two heads and is trained on the Gaussian likelihood."""
import numpy as np
import pandas as pd
import torch
from torch import nn

SEED = 14
FEATURES = ["year", "day", "altitude_m", "pressure_hpa", "humidity_pct", "no2_ppm"]


def station_days(n, rng):
    df = pd.DataFrame({
        "year": rng.integers(1998, 2024, n),
        "day": rng.integers(120, 280, n),
        "altitude_m": rng.uniform(50, 1900, n),
        "humidity_pct": rng.uniform(20, 95, n),
        "no2_ppm": rng.gamma(3.0, 0.006, n),
    })
    df["pressure_hpa"] = 1013 * np.exp(-df.altitude_m / 8400) + rng.normal(0, 6, n)
    season = np.sin((df.day - 110) / 160 * np.pi)
    trend = 6 * np.sin((df.year - 1998) / 5.0)
    front = 0.7 * (df.pressure_hpa - 1013 * np.exp(-df.altitude_m / 8400))
    mean = 45 + 16 * season + trend + front + 7 * np.tanh((df.altitude_m - 900) / 250) \
        - 350 * df.no2_ppm * (df.humidity_pct < 60) - 0.15 * df.humidity_pct
    spread = 1.5 + 3.0 * (df.humidity_pct / 100) ** 2 + 60 * df.no2_ppm
    df["ozone"] = mean + spread * rng.standard_normal(n)
    return df


class TwoHeads(nn.Module):
    def __init__(self, n_in, width=64):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(n_in, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.mean = nn.Linear(width, 1)
        self.log_var = nn.Linear(width, 1)

    def forward(self, x):
        h = self.shared(x)
        return self.mean(h).flatten(), self.log_var(h).flatten().clamp(-6, 3)


def to_tensors(df, ref):
    x = df[FEATURES]
    y = (df["ozone"] - ref["ozone"].mean()) / ref["ozone"].std()
    return torch.tensor(x.to_numpy(np.float32)), torch.tensor(y.to_numpy(np.float32))


def gaussian_nll(mu, log_var, y):
    return 0.5 * (log_var + (y - mu) ** 2 / log_var.exp()).mean()


def train(model, x, y, xv, yv, epochs=60, batch=128, lr=3e-3):
    opt = torch.optim.NAdam(model.parameters(), lr=lr)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(1, epochs + 1):
        model.train()
        perm = torch.randperm(len(x))
        running = []
        for k in range(0, len(x), batch):
            idx = perm[k:k + batch]
            loss = gaussian_nll(*model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            running.append(loss.item())
        plan.step()
        if epoch % 5 == 0:
            nll, r2 = report(model, xv, yv)
            print(f"epoch {epoch:3d} - nll {np.mean(running):.4f} - val_nll {nll:.4f} - val_r2 {r2:.4f}")


@torch.no_grad()
def report(model, x, y):
    model.eval()
    mu, lv = model(x)
    return gaussian_nll(mu, lv, y).item(), (1 - (y - mu).pow(2).mean() / y.var()).item()


if __name__ == "__main__":
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    train_df, val_df = station_days(8000, rng), station_days(2000, rng)
    x, y = to_tensors(train_df, train_df)
    xv, yv = to_tensors(val_df, train_df)
    net = TwoHeads(len(FEATURES))
    train(net, x, y, xv, yv)
    nll, r2 = report(net, xv, yv)
    print(f"validation: nll={nll:.4f} r2={r2:.4f}")
