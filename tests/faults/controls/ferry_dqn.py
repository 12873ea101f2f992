"""Deep Q-learning on a river crossing: a ferry steers across a current to the landing stage."""
import random
from collections import deque
import torch
import torch.nn as nn

random.seed(3)
torch.manual_seed(3)
SIZE, LIMIT = 6, 16


class River:
    def reset(self):
        self.pos, self.t = [0, random.randrange(SIZE)], 0
        self.goal = random.randrange(SIZE)
        return self.obs()

    def obs(self):
        return torch.tensor([self.pos[0] / 2.5 - 1, self.pos[1] / 2.5 - 1, self.goal / 2.5 - 1])

    def step(self, action):
        self.pos[1] += (action == 1) - (action == 2)
        self.pos[0] += action == 0
        if random.random() < 0.1:
            self.pos[1] += 1
        self.pos[1] = min(max(self.pos[1], 0), SIZE - 1)
        self.t += 1
        if self.pos[0] == SIZE - 1:
            return self.obs(), 1.0 if self.pos[1] == self.goal else -0.5, True
        return self.obs(), -0.02, self.t >= LIMIT


def net():
    return nn.Sequential(nn.Linear(3, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 3))


q, target = net(), net()
target.load_state_dict(q.state_dict())
opt = torch.optim.Adam(q.parameters(), lr=2e-3)
memory, env, gamma = deque(maxlen=5000), River(), 0.97
s = env.reset()
for step in range(5000):
    eps = max(0.05, 1 - step / 2500)
    with torch.no_grad():
        a = random.randrange(3) if random.random() < eps else q(s).argmax().item()
    s2, r, done = env.step(a)
    memory.append((s, a, r, s2, float(done)))
    s = env.reset() if done else s2
    if step >= 200 and step % 2 == 0:
        bs, ba, br, bs2, bd = zip(*random.sample(memory, 48))
        bs, bs2, ba = torch.stack(bs), torch.stack(bs2), torch.tensor(ba)
        with torch.no_grad():
            y = torch.tensor(br) + gamma * (1 - torch.tensor(bd)) * target(bs2).max(1).values
        loss = nn.functional.smooth_l1_loss(q(bs).gather(1, ba[:, None]).squeeze(1), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(q.parameters(), 10.0)
        opt.step()
    if step % 200 == 0:
        target.load_state_dict(q.state_dict())
    if step % 1000 == 999:
        print(f"step {step + 1} loss {loss.item():.4f} eps {eps:.2f}")

total = 0.0
for _ in range(200):
    s, done = env.reset(), False
    while not done:
        with torch.no_grad():
            s, r, done = env.step(q(s).argmax().item())
        total += r
print(f"mean return over 200 crossings: {total / 200:.4f}")
