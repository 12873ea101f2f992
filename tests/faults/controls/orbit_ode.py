"""Learn the vector field of a damped pendulum by integrating it (RK4) and comparing whole trajectories."""
import torch
import torch.nn as nn

torch.manual_seed(71)
DT, HORIZON = 0.15, 10


def pendulum(s):
    return torch.stack([s[..., 1], -2.0 * torch.sin(s[..., 0]) - 0.15 * s[..., 1]], -1)


def rk4(f, s):
    k1 = f(s)
    k2 = f(s + DT / 2 * k1)
    k3 = f(s + DT / 2 * k2)
    k4 = f(s + DT * k3)
    return s + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def roll(f, s, steps):
    path = [s]
    for _ in range(steps):
        path.append(rk4(f, path[-1]))
    return torch.stack(path, 1)


def dataset(n):
    start = torch.stack([torch.rand(n) * 4 - 2, torch.rand(n) * 3 - 1.5], 1)
    clean = roll(pendulum, start, HORIZON)
    return clean + 0.08 * torch.randn_like(clean), clean


field = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
train_paths, _ = dataset(400)
val_paths, val_clean = dataset(150)
opt = torch.optim.Adam(field.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16, eta_min=1e-4)

for epoch in range(16):
    epoch_loss = 0.0
    for rows in torch.randperm(len(train_paths)).split(20):
        true = train_paths[rows]
        pred = roll(field, true[:, 0], HORIZON)
        loss = (pred[:, 1:] - true[:, 1:]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(field.parameters(), 2.0)
        opt.step()
        epoch_loss += loss.item() * len(rows)
    sched.step()
    with torch.no_grad():
        val = (roll(field, val_paths[:, 0], HORIZON)[:, 1:] - val_paths[:, 1:]).pow(2).mean().item()
        far = (roll(field, val_clean[:, 0], HORIZON)[:, -1] - val_clean[:, -1]).pow(2).mean().sqrt().item()
    print(f"epoch {epoch + 1:2d} train {epoch_loss / len(train_paths):.5f} val {val:.5f} end-point rmse {far:.4f}")
print(f"trajectory mse {val:.6f}")
