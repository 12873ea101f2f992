"""Chlorophyll from leaf reflectance. Few leaves were taken to the lab, many only scanned:
a denoising autoencoder reads all scans first, then a head is fitted, then everything together.
"""
import numpy as np
import torch
import torch.nn as nn

PHASES = [
    {"name": "scan", "goal": "rebuild", "epochs": 6, "lr": 2e-3, "train_encoder": True},
    {"name": "head", "goal": "predict", "epochs": 10, "lr": 2e-3, "train_encoder": False},
    {"name": "whole", "goal": "predict", "epochs": 75, "lr": 2e-3, "train_encoder": True},
]
BANDS = np.linspace(0, 1, 80)


def leaves(rng, n):
    chl, water, dry = rng.uniform(0.2, 1.0, (3, n))
    bump = lambda c, w: np.exp(-((BANDS - c) / w) ** 2)
    absorb = chl[:, None] * (0.35 * bump(0.18, 0.03) + 0.30 * bump(0.30, 0.03)) + water[:, None] * 2.2 * bump(0.72, 0.12)
    absorb = absorb + dry[:, None] * 1.6 * bump(0.9, 0.3) + 0.10 * (chl * water)[:, None] * bump(0.45, 0.02)
    gloss = 1 + 0.25 * rng.normal(size=(n, 1)) + 0.15 * rng.normal(size=(n, 1)) * BANDS
    spectrum = gloss * np.exp(-absorb) + 0.002 * rng.normal(size=(n, 80))
    return spectrum.astype(np.float32), chl.astype(np.float32)


class Leaf(nn.Module):
    def __init__(self, code=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(80, 64), nn.ELU(), nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.ELU(), nn.Linear(64, 80))
        self.head = nn.Sequential(nn.LayerNorm(code), nn.Linear(code, 48), nn.ELU(), nn.Linear(48, 1))

    def predict(self, x):
        return self.head(self.encoder(x)).flatten()

    def rebuild(self, x):
        return self.decoder(self.encoder(x + 0.1 * torch.randn_like(x)))


def configure(model, phase):
    if phase["train_encoder"]:
        model.encoder.requires_grad = True
    else:
        model.encoder.requires_grad_(False)
    return torch.optim.NAdam(model.parameters(), lr=phase["lr"])


def batches(n, size, rng):
    order = rng.permutation(n)
    yield from (order[k:k + size] for k in range(0, n - size + 1, size))


def run():
    rng = np.random.default_rng(40)
    torch.manual_seed(40)
    scans, _ = leaves(rng, 4000)
    lab, chl = leaves(rng, 2400)
    test, chl_test = leaves(rng, 800)
    mean, std = scans.mean(0), scans.std(0)
    scans, lab, test = [(a - mean) / std for a in (scans, lab, test)]
    chl, chl_test = (chl - 0.6) / 0.23, (chl_test - 0.6) / 0.23
    model = Leaf()

    def r2():
        with torch.no_grad():
            miss = model.predict(torch.from_numpy(test)).numpy() - chl_test
        return 1 - (miss ** 2).mean() / chl_test.var()

    for phase in PHASES:
        opt = configure(model, phase)
        pool = scans if phase["goal"] == "rebuild" else lab
        steps = phase["epochs"] * (len(pool) // 64)
        fade = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps, eta_min=phase["lr"] / 50)
        for epoch in range(phase["epochs"]):
            losses = []
            for rows in batches(len(pool), 64, rng):
                x = torch.from_numpy(pool[rows])
                if phase["goal"] == "rebuild":
                    loss = (model.rebuild(x) - x).pow(2).mean()
                else:
                    loss = (model.predict(x) - torch.from_numpy(chl[rows])).pow(2).mean()
                opt.zero_grad()
                loss.backward()
                opt.step()
                fade.step()
                losses.append(float(loss))
            if epoch % 15 == 0 or epoch == phase["epochs"] - 1:
                tail = "" if phase["goal"] == "rebuild" else f"  test R2 {r2():.3f}"
                print(f"{phase['name']:>6} {epoch + 1:3d}/{phase['epochs']}  mse {np.mean(losses):.4f}{tail}")
    print(f"chlorophyll R2 on leaves never seen = {r2():.4f}")


run()
