"""Q-learning with a replay memory and a target network: a forklift on a 6 x 6 floor fetches a pallet and avoids pits."""
import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1)
torch.manual_seed(1)
SIZE, GAMMA, GOAL = 6, 0.95, (5, 5)
PITS = {(1, 3), (3, 1), (3, 4), (4, 2)}
MOVES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def encode(cell):
    v = torch.zeros(2 * SIZE)
    v[cell[0]] = 1
    v[SIZE + cell[1]] = 1
    return v


def step(cell, action):
    r = min(max(cell[0] + MOVES[action][0], 0), SIZE - 1)
    c = min(max(cell[1] + MOVES[action][1], 0), SIZE - 1)
    if (r, c) in PITS:
        return (r, c), -1.0, True
    if (r, c) == GOAL:
        return (r, c), 1.0, True
    return (r, c), -0.02, False


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2 * SIZE, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

    def forward(self, x):
        return self.net(x)


online, target = QNet(), QNet()
target.load_state_dict(online.state_dict())
for p in target.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
memory = deque(maxlen=5000)


def learn(batch_size=64):
    s, a, r, s2, done = zip(*random.sample(memory, batch_size))
    a, r, done = torch.tensor(a), torch.tensor(r), torch.tensor(done, dtype=torch.float32)
    q = online(torch.stack(s)).gather(1, a[:, None]).squeeze(1)
    with torch.no_grad():
        best = online(torch.stack(s2)).argmax(1, keepdim=True)
        goal = r + GAMMA * (1 - done) * target(torch.stack(s2)).gather(1, best).squeeze(1)
    loss = F.smooth_l1_loss(q, goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def greedy_success():
    wins, starts = 0, [(r, c) for r in range(SIZE) for c in range(SIZE) if (r, c) not in PITS and (r, c) != GOAL]
    for cell in starts:
        for _ in range(20):
            cell, reward, done = step(cell, online(encode(cell)[None]).argmax().item())
            if done:
                wins += reward > 0
                break
    return wins / len(starts)


updates, losses = 0, []
for episode in range(300):
    cell = (random.randrange(SIZE), random.randrange(SIZE))
    if cell in PITS or cell == GOAL:
        continue
    eps = max(0.1, 1 - episode / 150)
    for _ in range(25):
        with torch.no_grad():
            action = random.randrange(4) if random.random() < eps else online(encode(cell)[None]).argmax().item()
        nxt, reward, done = step(cell, action)
        memory.append((encode(cell), action, reward, encode(nxt), done))
        cell = nxt
        if len(memory) >= 300:
            losses.append(learn())
            updates += 1
            if updates % 100 == 0:
                target.load_state_dict(online.state_dict())
        if done:
            break
    if (episode + 1) % 50 == 0:
        print(f"episode {episode + 1}  updates {updates}  td loss {sum(losses[-100:]) / 100:.4f}  success {greedy_success():.3f}")

print(f"greedy success rate: {greedy_success():.4f}")
