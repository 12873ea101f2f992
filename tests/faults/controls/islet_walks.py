"""Birds hop between islets; learn how much food lies ahead (discounted), by temporal differences with a slow copy."""
import copy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

ISLETS, GAMMA = 12, 0.8
rng = np.random.default_rng(19)
torch.manual_seed(19)

place = rng.uniform(-1, 1, (ISLETS, 2))
distance = np.linalg.norm(place[:, None] - place[None], axis=2)
hop = np.exp(-3 * distance) * (1 - np.eye(ISLETS))
hop /= hop.sum(1, keepdims=True)
food = rng.gamma(1.0, 1.0, ISLETS)
food = (food - food.mean()) / food.std()
truth = torch.tensor(np.linalg.solve(np.eye(ISLETS) - GAMMA * hop, food), dtype=torch.float32)


def flight_log(n):
    state, rows = 0, []
    for _ in range(n):
        nxt = rng.choice(ISLETS, p=hop[state])
        rows.append((state, food[state] + 0.2 * rng.normal(), nxt))
        state = nxt
    s, r, s2 = zip(*rows)
    return torch.tensor(s), torch.tensor(np.array(r), dtype=torch.float32), torch.tensor(np.array(s2))


class Value(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(ISLETS + 2, 48), nn.Tanh(), nn.Linear(48, 1))
        self.register_buffer("where", torch.tensor(place, dtype=torch.float32))

    def forward(self, s):
        x = torch.cat([F.one_hot(s, ISLETS).float(), self.where[s]], dim=1)
        return self.net(x).squeeze(1)


value = Value()
slow = copy.deepcopy(value)
for p in slow.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(value.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
states, rewards, nexts = flight_log(6000)
every = torch.arange(ISLETS)

for epoch in range(30):
    td = []
    for idx in torch.randperm(len(states)).split(100):
        with torch.no_grad():
            target = rewards[idx] + GAMMA * slow(nexts[idx])
        loss = F.mse_loss(value(states[idx]), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for p, q in zip(slow.parameters(), value.parameters()):
                p.lerp_(q, 0.05)
        td.append(loss.item())
    scheduler.step()
    if epoch % 3 == 2:
        with torch.no_grad():
            rmse = (value(every) - truth).pow(2).mean().sqrt().item()
        print(f"pass {epoch + 1:2d}  td error {np.mean(td):.4f}  distance to the exact values {rmse:.4f}")

print(f"rmse against the exact values: {rmse:.4f}")
