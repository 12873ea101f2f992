"""District heating: load twelve hours ahead from two days of load and outdoor temperature."""
import numpy as np
import torch
from torch import nn

HISTORY, AHEAD = 48, 12


def simulate_plant(hours, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    temp = np.zeros(hours)
    for i in range(1, hours):
        temp[i] = 0.985 * temp[i - 1] + rng.normal(0, 0.17)
    temp = temp + 0.6 * np.sin(2 * np.pi * (t - 9) / 24)
    use = 0.7 * np.exp(-((t % 24 - 7) ** 2) / 5) + 0.5 * np.exp(-((t % 24 - 19) ** 2) / 8)
    lag = np.convolve(temp, np.ones(6) / 6)[:hours]
    load = np.log1p(np.exp(1.2 - 1.4 * lag)) + use + rng.normal(0, 0.25, hours)
    return np.stack([load, temp], 1)


def cut_windows(series, stride):
    starts = np.arange(0, len(series) - HISTORY - AHEAD, stride)
    x = np.stack([series[s:s + HISTORY] for s in starts]).reshape(len(starts), -1)
    y = np.stack([series[s + HISTORY + AHEAD - 1, 0] for s in starts])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def main():
    torch.manual_seed(50)
    rng = np.random.default_rng(50)
    series = simulate_plant(24000, seed=50)
    split = 19000
    series = (series - series[:split].mean(0)) / series[:split].std(0)
    x_tr, y_tr = cut_windows(series[:split], stride=HISTORY + AHEAD)
    x_va, y_va = cut_windows(series[split:], stride=5)
    print(f"{len(x_tr)} training windows, {len(x_va)} validation windows")

    net = nn.Sequential(nn.Linear(2 * HISTORY, 192), nn.ReLU(), nn.Linear(192, 48), nn.ReLU(), nn.Linear(48, 1),
                        nn.Flatten(0))
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    steps = 1500
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps, eta_min=1e-5)
    log = []
    for step in range(1, steps + 1):
        b = rng.integers(0, len(x_tr), 64)
        loss = nn.functional.mse_loss(net(x_tr[b]), y_tr[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        log.append(loss.item())
        if step % 100 == 0:
            net.eval()
            with torch.no_grad():
                v = nn.functional.mse_loss(net(x_va), y_va).item()
            net.train()
            print(f"{step:5d}/{steps} train {np.mean(log[-100:]):.4f} val {v:.4f}")
    naive = ((x_va.reshape(-1, HISTORY, 2)[:, -AHEAD - 1, 0] - y_va) ** 2).mean().item()
    print(f"same hour yesterday would give {naive:.4f}")
    print(f"validation mse {v:.4f}")


if __name__ == "__main__":
    main()
