"""A rabbit learns its warren: deep Q-learning on a 7x7 burrow with slippery clay, a fox hole and a carrot store."""
import random
from collections import deque

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE, GOAL, FOX, LIMIT = 7, (6, 6), {(3, 3), (2, 5)}, 40
WALLS = {(1, 1), (1, 2), (4, 4), (5, 4), (3, 1), (5, 2)}
MOVES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


class Warren:
    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        while True:
            self.pos = (self.rng.randrange(SIZE), self.rng.randrange(SIZE))
            if self.pos not in WALLS and self.pos != GOAL and self.pos not in FOX:
                break
        self.t = 0
        return self.pos

    def step(self, a):
        if self.rng.random() < 0.15:
            a = self.rng.randrange(4)
        r, c = self.pos[0] + MOVES[a][0], self.pos[1] + MOVES[a][1]
        if 0 <= r < SIZE and 0 <= c < SIZE and (r, c) not in WALLS:
            self.pos = (r, c)
        self.t += 1
        if self.pos == GOAL:
            return self.pos, 1.0, True, False
        if self.pos in FOX:
            return self.pos, -1.0, True, False
        return self.pos, -0.02, False, self.t >= LIMIT


def encode(pos):
    v = np.zeros(2 * SIZE, dtype=np.float32)
    v[pos[0]] = 1
    v[SIZE + pos[1]] = 1
    return v


def make_net(h=64):
    return nn.Sequential(nn.Linear(2 * SIZE, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, 4))


def play(net, episodes, seed):
    env = Warren(random.Random(seed))
    total = 0.0
    with torch.no_grad():
        table = {}
        for _ in range(episodes):
            s, end = env.reset(), False
            while not end:
                if s not in table:
                    table[s] = int(net(torch.from_numpy(encode(s))).argmax())
                s, r, done, cut = env.step(table[s])
                total += r
                end = done or cut
    return total / episodes


class Agent:
    gamma = 0.97
    lr = 1e-3
    frames = 9000

    def __init__(self, seed=5):
        random.seed(seed)
        torch.manual_seed(seed)
        self.env = Warren(random.Random(seed + 1))
        self.net, self.target = make_net(), make_net()
        self.target.load_state_dict(self.net.state_dict())
        self.opt = torch.optim.Adam(self.net.parameters(), lr=self.lr)
        self.memory = deque(maxlen=6000)

    def learn(self):
        s, a, r, s2, d = zip(*random.sample(self.memory, 64))
        s, s2 = torch.from_numpy(np.stack(s)), torch.from_numpy(np.stack(s2))
        a, r, d = torch.tensor(a), torch.tensor(r), torch.tensor(d)
        q = self.net(s).gather(1, a[:, None]).squeeze(1)
        with torch.no_grad():
            best = self.net(s2).argmax(1, keepdim=True)
            goal = r + self.gamma * (1 - d) * self.target(s2).gather(1, best).squeeze(1)
        loss = F.smooth_l1_loss(q, goal)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        with torch.no_grad():
            for p, q_ in zip(self.target.parameters(), self.net.parameters()):
                p.lerp_(q_, 0.01)
        return loss.item()

    def train(self):
        s, losses, returns, ret = self.env.reset(), [], [], 0.0
        for t in range(1, self.frames + 1):
            eps = max(0.1, 1 - t / (0.35 * self.frames))
            if t > 0.7 * self.frames:
                self.opt.param_groups[0]["lr"] = self.lr * max(0.05, (1 - t / self.frames) / 0.3)
            if random.random() < eps:
                a = random.randrange(4)
            else:
                with torch.no_grad():
                    a = int(self.net(torch.from_numpy(encode(s))).argmax())
            s2, r, done, cut = self.env.step(a)
            self.memory.append((encode(s), a, r, encode(s2), float(done)))
            ret += r
            s = s2
            if done or cut:
                returns.append(ret)
                s, ret = self.env.reset(), 0.0
            if t > 500 and t % 3 == 0:
                losses.append(self.learn())
            if t % 900 == 0:
                print(f"frame {t:5d} eps {eps:.2f} loss {np.mean(losses[-200:]):.4f} recent return {np.mean(returns[-40:]):+.3f} greedy {play(self.net, 300, 77):+.3f}")
        print(f"mean greedy return {play(self.net, 3000, 78):.4f}")


Agent().train()
