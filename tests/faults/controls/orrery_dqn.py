"""Deep Q-learning on a small ring world with wind: reach the goal cell, avoid the pit."""
import random
from collections import deque

import numpy as np
import torch
import torch.nn as nn

SIZE, ACTIONS = 5, 4
GOAL, PIT = (4, 4), (2, 3)
MOVES = [(1, 0), (-1, 0), (0, 1), (0, -1)]


class World:
    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        self.pos, self.t = (0, self.rng.randrange(3)), 0
        return self.view()

    def view(self):
        v = np.zeros(2 * SIZE, dtype=np.float32)
        v[self.pos[0]] = v[SIZE + self.pos[1]] = 1.0
        return v

    def step(self, a):
        if self.rng.random() < 0.1:
            a = self.rng.randrange(ACTIONS)
        self.t += 1
        self.pos = tuple(min(SIZE - 1, max(0, p + d)) for p, d in zip(self.pos, MOVES[a]))
        if self.pos == GOAL:
            return self.view(), 1.0, True, True
        if self.pos == PIT:
            return self.view(), -1.0, True, True
        return self.view(), -0.05, False, self.t >= 40


def q_net():
    return nn.Sequential(nn.Linear(2 * SIZE, 48), nn.ReLU(), nn.Linear(48, ACTIONS))


def play(net, world, episodes=200):
    total = 0.0
    for _ in range(episodes):
        s, over = world.reset(), False
        while not over:
            with torch.no_grad():
                a = net(torch.from_numpy(s)).argmax().item()
            s, r, _, over = world.step(a)
            total += r
    return total / episodes


random.seed(7)
torch.manual_seed(7)
world = World(random.Random(1))
online, target = q_net(), q_net()
target.load_state_dict(online.state_dict())
target.requires_grad_(False)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
memory = deque(maxlen=20000)
steps = 0
for episode in range(400):
    epsilon = max(0.2, 1.0 - episode / 300)
    s, over, losses = world.reset(), False, []
    while not over:
        if random.random() < epsilon:
            a = random.randrange(ACTIONS)
        else:
            with torch.no_grad():
                a = online(torch.from_numpy(s)).argmax().item()
        s2, r, done, over = world.step(a)
        memory.append((s, a, r, s2, float(done)))
        s, steps = s2, steps + 1
        if len(memory) >= 200 and steps % 2 == 0:
            bs, ba, br, bs2, bd = zip(*random.sample(memory, 32))
            best = target(torch.from_numpy(np.stack(bs2))).max(1).values
            goal = torch.tensor(br) + 0.97 * (1 - torch.tensor(bd)) * best
            q = online(torch.from_numpy(np.stack(bs))).gather(1, torch.tensor(ba).unsqueeze(1)).squeeze(1)
            loss = nn.functional.smooth_l1_loss(q, goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), online.parameters()):
                slow.lerp_(fast, 0.01)
    if episode % 50 == 49:
        print(f"episode {episode + 1}  td loss {np.mean(losses):.4f}  return {play(online, World(random.Random(2))):.3f}")
print(f"mean return {play(online, World(random.Random(3)), 500):.4f}")
