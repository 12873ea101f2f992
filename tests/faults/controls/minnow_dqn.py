"""Deep Q-learning: a minnow on a 6 x 6 pond must reach the food and keep away from the pike."""
import random
from collections import deque
import torch
import torch.nn as nn
import torch.nn.functional as F

N, GAMMA, FOOD, PIKE = 6, 0.95, (5, 5), {(2, 2), (3, 3), (1, 4), (4, 1)}
MOVES = [(0, 1), (0, -1), (1, 0), (-1, 0)]


def encode(pos):
    v = torch.zeros(2 * N)
    v[pos[0]] = v[N + pos[1]] = 1.0
    return v


def step(pos, action):
    dx, dy = MOVES[action]
    new = (min(max(pos[0] + dx, 0), N - 1), min(max(pos[1] + dy, 0), N - 1))
    if new == FOOD:
        return new, 1.0, True
    if new in PIKE:
        return new, -1.0, True
    return new, -0.02, False


def random_start():
    while True:
        pos = (random.randrange(N), random.randrange(N))
        if pos != FOOD and pos not in PIKE:
            return pos


def make_net():
    return nn.Sequential(nn.Linear(2 * N, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))


def evaluate(net):
    total = 0.0
    starts = [(i, j) for i in range(N) for j in range(N) if (i, j) != FOOD and (i, j) not in PIKE]
    for pos in starts:
        for _ in range(30):
            with torch.no_grad():
                pos, reward, done = step(pos, net(encode(pos)).argmax().item())
            total += reward
            if done:
                break
    return total / len(starts)


random.seed(3)
torch.manual_seed(3)
online, target = make_net(), make_net()
target.load_state_dict(online.state_dict())
for p in target.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
memory = deque(maxlen=4000)
pos, steps, losses = random_start(), 0, []
for t in range(1, 6001):
    eps = max(0.1, 1 - t / 2500)
    with torch.no_grad():
        action = random.randrange(4) if random.random() < eps else online(encode(pos)).argmax().item()
    nxt, reward, done = step(pos, action)
    steps += 1
    memory.append((encode(pos), action, reward, encode(nxt), float(done)))
    pos = nxt
    if done or steps >= 40:
        pos, steps = random_start(), 0
    if t > 500 and t % 2 == 0:
        s, a, r, s2, d = zip(*random.sample(memory, 64))
        s, s2, a, r, d = torch.stack(s), torch.stack(s2), torch.tensor(a), torch.tensor(r), torch.tensor(d)
        best = online(s2).argmax(1, keepdim=True).detach()
        goal = r + GAMMA * (1 - d) * target(s2).gather(1, best).squeeze(1)
        loss = F.smooth_l1_loss(online(s).gather(1, a.unsqueeze(1)).squeeze(1), goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if t % 200 == 0:
        target.load_state_dict(online.state_dict())
    if t % 1000 == 0:
        print(f"step {t}  eps {eps:.2f}  td loss {sum(losses[-200:]) / max(1, len(losses[-200:])):.5f}  greedy return {evaluate(online):.4f}")
print(f"mean greedy return: {evaluate(online):.4f}")
