"""TD(0) value learning for a noisy walk on a line, with a slow target network."""
import copy

import torch
import torch.nn as nn

torch.manual_seed(9)
GAMMA, SITES, TAU = 0.9, 21, 0.05


def code(pos):
    """Smooth features of a site."""
    centres = torch.linspace(0, SITES - 1, 8)
    return 2 * torch.exp(-((pos[:, None] - centres) / 3.0) ** 2) - 0.7


def transition(pos):
    move = torch.where(torch.rand(len(pos)) < 0.6, 1.0, -1.0)
    nxt = (pos + move).clamp(min=0)
    done = nxt >= SITES - 1
    reward = torch.where(done, 3.0, -0.1) + 0.2 * torch.randn(len(pos))
    return reward, nxt, done.float()


def true_values():
    v = torch.zeros(SITES)
    for _ in range(500):
        up = torch.where(torch.arange(SITES) + 1 >= SITES - 1, torch.tensor(3.0), -0.1 + GAMMA * v.roll(-1))
        low = v.roll(1).clone()
        low[0] = v[0]
        v = 0.6 * up + 0.4 * (-0.1 + GAMMA * low)
        v[-1] = 0.0
    return v[:-1]


value = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
target = copy.deepcopy(value)
for p in target.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(value.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.03, total_iters=2000)
truth = true_values()
sites = code(torch.arange(SITES - 1).float())

for step in range(1, 2001):
    pos = torch.randint(0, SITES - 1, (128,)).float()
    reward, nxt, done = transition(pos)
    with torch.no_grad():
        goal = reward + GAMMA * (1 - done) * target(code(nxt)).squeeze(1)
    loss = nn.functional.smooth_l1_loss(value(code(pos)).squeeze(1), goal)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), value.parameters()):
            slow.lerp_(fast, TAU)
    if step % 200 == 0:
        with torch.no_grad():
            rmse = (value(sites).squeeze(1) - truth).pow(2).mean().sqrt()
        print(f"step {step:5d}  td loss {loss.item():.4f}  rmse to true values {rmse:.4f}")

print(f"value RMSE: {rmse:.4f}")
