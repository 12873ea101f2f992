"""Regress radial distortion (k1, k2) and focal ratio from projected grid corners (simulated on the fly)."""
import numpy as np
import torch
import torch.nn as nn

GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), -1).reshape(-1, 2)


def simulate(n, seed=0):
    rng = np.random.default_rng(seed)
    params = rng.uniform(-1, 1, (n, 3))
    k1 = 0.3 * params[:, 0, None]
    k2 = 0.2 * params[:, 1, None]
    focal = 1.0 + 0.25 * params[:, 2, None]
    shift = rng.normal(0, 0.15, (n, 1, 2))
    angle = rng.uniform(-0.4, 0.4, n)
    rot = np.stack([np.stack([np.cos(angle), -np.sin(angle)], -1), np.stack([np.sin(angle), np.cos(angle)], -1)], -2)
    pts = GRID @ rot.transpose(0, 2, 1)
    r2 = (pts ** 2).sum(-1)
    pts = pts * (focal * (1 + k1 * r2 + k2 * r2 ** 2))[..., None] + shift
    pts = pts + rng.normal(0, 0.01, pts.shape)
    return (torch.tensor(pts.reshape(n, -1), dtype=torch.float32),
            torch.tensor(params, dtype=torch.float32))


class Calibrator(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(50, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        return self.head(self.body(x))


torch.manual_seed(0)
model = Calibrator()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=1500)
x_val, y_val = simulate(1000, seed=99991)

for step in range(1, 1501):
    x, y = simulate(64)
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 150 == 0:
        with torch.no_grad():
            val = nn.functional.mse_loss(model(x_val), y_val)
        print(f"step {step:5d} | train {loss.item():.5f} | val {val.item():.5f}")

with torch.no_grad():
    residual = ((model(x_val) - y_val) ** 2).sum(0)
    r2 = 1 - residual / ((y_val - y_val.mean(0)) ** 2).sum(0)
print("R2 per parameter:", [round(v, 3) for v in r2.tolist()])
print(f"mean R2: {r2.mean().item():.4f}")
