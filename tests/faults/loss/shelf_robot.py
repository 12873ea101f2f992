"""A picking robot learns its way round a shop's back room (deep Q-learning, many copies at once)."""
import copy

import numpy as np
import torch
from torch import nn

torch.manual_seed(2)
np.random.seed(2)

SIDE = 6
MOVES = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])
PUDDLES = {(1, 1), (1, 2), (2, 4), (3, 1), (4, 4), (4, 2)}
WET = np.zeros((SIDE, SIDE), bool)
for cell in PUDDLES:
    WET[cell] = True
GAMMA, LIMIT = 0.95, 24


class BackRoom:
    """n independent rooms; each step costs time, puddles cost more, the shelf pays 6"""

    def __init__(self, n, rng):
        self.n, self.rng = n, rng
        self.pos, self.goal = np.zeros((n, 2), int), np.zeros((n, 2), int)
        self.age = np.zeros(n, int)
        self.reset(np.ones(n, bool))

    def reset(self, who):
        k = who.sum()
        self.pos[who] = self.rng.integers(0, SIDE, (k, 2))
        self.goal[who] = (self.pos[who] + self.rng.integers(1, SIDE, (k, 2))) % SIDE
        self.age[who] = 0

    def obs(self):
        eye = np.eye(SIDE, dtype=np.float32)
        return np.concatenate([eye[self.pos[:, 0]], eye[self.pos[:, 1]],
                               eye[self.goal[:, 0]], eye[self.goal[:, 1]]], 1)

    def step(self, action):
        self.pos = np.clip(self.pos + MOVES[action], 0, SIDE - 1)
        self.age += 1
        home = (self.pos == self.goal).all(1)
        pay = np.where(home, 6.0, -0.3 - 1.0 * WET[self.pos[:, 0], self.pos[:, 1]])
        after = self.obs()
        over = home | (self.age >= LIMIT)
        self.reset(over)
        return pay.astype(np.float32), after, home, over


def mlp(sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers)


class Memory:
    def __init__(self, size, width):
        self.s, self.s2 = np.zeros((2, size, width), np.float32)
        self.a, self.r, self.end = np.zeros(size, np.int64), np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.size, self.at, self.full = size, 0, 0

    def add(self, s, a, r, s2, end):
        i = (self.at + np.arange(len(a))) % self.size
        self.s[i], self.a[i], self.r[i], self.s2[i], self.end[i] = s, a, r, s2, end
        self.at = (self.at + len(a)) % self.size
        self.full = min(self.size, self.full + len(a))

    def sample(self, k, rng):
        i = rng.integers(0, self.full, k)
        return [torch.from_numpy(v[i]) for v in (self.s, self.a, self.r, self.s2, self.end)]


def play(q, rng, n=300):
    room = BackRoom(n, rng)
    total, alive, arrived = np.zeros(n), np.ones(n, bool), np.zeros(n, bool)
    for _ in range(LIMIT):
        with torch.no_grad():
            a = q(torch.from_numpy(room.obs())).argmax(1).numpy()
        r, _, home, over = room.step(a)
        total += r * alive
        arrived |= home & alive
        alive &= ~over
    return total.mean(), arrived.mean()


rng = np.random.default_rng(2)
room, memory = BackRoom(32, rng), Memory(20_000, 4 * SIDE)
q_net = mlp([4 * SIDE, 96, 96, 4])
target = copy.deepcopy(q_net).requires_grad_(False)
opt = torch.optim.Adam(q_net.parameters(), lr=1.5e-3)
STEPS, td = 2400, 0.0
for step in range(1, STEPS + 1):
    s = room.obs()
    eps = max(0.08, 1 - step / (0.5 * STEPS))
    with torch.no_grad():
        a = q_net(torch.from_numpy(s)).argmax(1).numpy()
    a = np.where(rng.random(len(a)) < eps, rng.integers(0, 4, len(a)), a)
    r, s2, home, _ = room.step(a)
    memory.add(s, a, r, s2, home)

    bs, ba, br, bs2, bend = memory.sample(128, rng)
    with torch.no_grad():
        best = q_net(bs2).argmax(1, keepdim=True)               # double DQN
        goal = br + GAMMA * (1 - bend) * target(bs2).gather(1, best).squeeze(1)
    loss = nn.functional.smooth_l1_loss(q_net(bs).gather(1, ba[:, None]).squeeze(1), goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    opt.param_groups[0]["lr"] = 1.5e-3 * (1 - 0.9 * step / STEPS)
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), q_net.parameters()):
            slow.lerp_(fast, 0.02)
    td += loss.item()
    if step % 400 == 0:
        ret, share = play(q_net, np.random.default_rng(77))
        print(f"step {step:>5} eps {eps:.2f} td {td / 400:.4f} greedy return {ret:+.2f} arrivals {share:.2f}")
        td = 0.0
ret, share = play(q_net, np.random.default_rng(78), 1000)
print(f"done: arrivals {share:.3f}, mean return {ret:.3f}")
