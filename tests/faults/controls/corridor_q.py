"""DQN with replay and a target network on a one-dimensional corridor with a distractor reward."""
import copy
import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(14)
torch.manual_seed(14)
CELLS, GAMMA, HORIZON = 9, 0.95, 25


class Corridor:
    def reset(self):
        self.pos, self.t = random.randint(1, CELLS - 2), 0
        return self.pos

    def step(self, action):
        if random.random() < 0.1:
            action = 1 - action
        self.pos += 1 if action == 1 else -1
        self.t += 1
        if self.pos == 0:
            return self.pos, 0.1, True
        if self.pos == CELLS - 1:
            return self.pos, 1.0, True
        return self.pos, 0.0, self.t >= HORIZON


def encode(states):
    return F.one_hot(torch.as_tensor(states), CELLS).float()


def play(net, episodes=200):
    env, total = Corridor(), 0.0
    for _ in range(episodes):
        s, done = env.reset(), False
        while not done:
            with torch.no_grad():
                a = int(net(encode([s])).argmax())
            s, r, done = env.step(a)
            total += r
    return total / episodes


q = nn.Sequential(nn.Linear(CELLS, 32), nn.ReLU(), nn.Linear(32, 2))
target = copy.deepcopy(q)
for p in target.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(q.parameters(), lr=2e-3)
memory = deque(maxlen=5000)
env = Corridor()
s = env.reset()
for step in range(1, 3001):
    eps = max(0.1, 1 - step / 1500)
    with torch.no_grad():
        a = random.randrange(2) if random.random() < eps else int(q(encode([s])).argmax())
    s2, r, done = env.step(a)
    memory.append((s, a, r, s2, float(done and s2 in (0, CELLS - 1))))
    s = env.reset() if done else s2
    if step > 300:
        bs, ba, br, bs2, bd = zip(*random.sample(memory, 64))
        with torch.no_grad():
            y = torch.tensor(br) + GAMMA * (1 - torch.tensor(bd)) * target(encode(bs2)).amax(1)
        pred = q(encode(bs)).gather(1, torch.tensor(ba).unsqueeze(1)).squeeze(1)
        loss = F.smooth_l1_loss(pred, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if step % 100 == 0:
        target.load_state_dict(q.state_dict())
    if step % 500 == 0:
        print(f"step {step}: loss {loss.item():.5f} eps {eps:.2f} greedy return {play(q, 50):.3f}")
print(f"average return of the greedy policy: {play(q):.4f}")
