import numpy as np
import torch
import torch.nn as nn

CONFIG = dict(
    side=14,
    hidden=(128, 64),
    dropout=0.7,
    lr=0.02,
    epochs=30,
    batch=50,
)
NAMES = ["axis ratio", "half-light radius"]


def stamp(ratio, radius, side, rng):
    yy, xx = np.mgrid[:side, :side] - (side - 1) / 2 + rng.normal(0, 0.3, (2, 1, 1))
    a = rng.uniform(0, np.pi)
    u, v = xx * np.cos(a) + yy * np.sin(a), -xx * np.sin(a) + yy * np.cos(a)
    r2 = u ** 2 * ratio + v ** 2 / ratio
    return np.exp(-0.5 * r2 / radius ** 2) + 0.05 * rng.standard_normal((side, side))


def survey(n, side, seed):
    rng = np.random.default_rng(seed)
    ratio, radius = rng.uniform(0.3, 1.0, n), rng.uniform(1.2, 3.2, n)
    x = np.stack([stamp(q, r, side, rng).ravel() for q, r in zip(ratio, radius)])
    y = np.stack([(ratio - 0.65) / 0.202, (radius - 2.2) / 0.577], 1)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def build_model(cfg):
    layers, width = [], cfg["side"] ** 2
    for h in cfg["hidden"]:
        layers += [nn.Linear(width, h), nn.ReLU(), nn.Dropout(cfg["dropout"])]
        width = h
    return nn.Sequential(*layers, nn.Linear(width, len(NAMES)))


def main(cfg):
    torch.manual_seed(100)
    x, y = survey(4000, cfg["side"], 0)
    xt, yt = survey(1000, cfg["side"], 1)
    mean, std = x.mean(0), x.std(0)
    x, xt = (x - mean) / std, (xt - mean) / std
    model = build_model(cfg)
    loss_fn = nn.MSELoss()
    opt = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=0.9, nesterov=True, weight_decay=5e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg["epochs"])
    for epoch in range(cfg["epochs"]):
        model.train()
        shuffled, total = torch.randperm(len(x)), 0.0
        for k in range(0, len(x), cfg["batch"]):
            sel = shuffled[k:k + cfg["batch"]]
            opt.zero_grad()
            loss = loss_fn(model(x[sel]), y[sel])
            loss.backward()
            opt.step()
            total += loss.item() * len(sel)
        sched.step()
        model.eval()
        with torch.no_grad():
            out = model(xt)
        print(f"{epoch + 1}/{cfg['epochs']} train {total / len(x):.3f} held-out {loss_fn(out, yt).item():.4f}")
    r2 = 1 - ((out - yt) ** 2).mean(0) / yt.var(0)
    print({name: round(v, 3) for name, v in zip(NAMES, r2.tolist())})
    print(f"held-out plate, mean R2: {r2.mean().item():.4f}")


main(CONFIG)
