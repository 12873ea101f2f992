"""DQN with a target network on a one-dimensional lift: bring the cabin to the call with little energy."""
import random
from collections import deque
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)


class Lift:
    """Cabin with position and speed; action pushes down, coasts or pushes up."""

    def __init__(self, n):
        self.n = n
        self.pos, self.vel = torch.empty(n), torch.empty(n)
        self.age = torch.zeros(n)
        self.respawn(torch.ones(n, dtype=torch.bool))

    def respawn(self, which):
        k = int(which.sum())
        self.pos[which] = torch.rand(k) * 2 - 1
        self.vel[which] = 0.0
        self.age[which] = 0

    def obs(self):
        return torch.stack([self.pos * 1.7, self.vel * 4], 1)

    def step(self, action):
        self.vel = 0.85 * self.vel + 0.06 * (action - 1).float()
        self.pos = (self.pos + self.vel).clamp(-1.5, 1.5)
        reward = 0.5 - self.pos.abs() - 0.05 * (action != 1).float()
        self.age += 1
        state = self.obs()
        over = self.age >= 25
        self.respawn(over)
        return state, reward


def q_net():
    return nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))


class Agent:
    gamma, batch = 0.9, 128

    def __init__(self):
        self.online, self.target = q_net(), q_net()
        self.target.load_state_dict(self.online.state_dict())
        self.opt = torch.optim.Adam(self.online.parameters(), lr=2e-3)
        self.memory = deque(maxlen=400)

    def act(self, obs, eps):
        with torch.no_grad():
            greedy = self.online(obs).argmax(1)
        rand = torch.randint(0, 3, greedy.shape)
        return torch.where(torch.rand(len(obs)) < eps, rand, greedy)

    def learn(self):
        chunks = random.choices(self.memory, k=8)
        s, a, r, s2 = (torch.cat(parts) for parts in zip(*chunks))
        with torch.no_grad():
            target = r + self.gamma * self.target(s2).max(1).values
        q = self.online(s).gather(1, a.unsqueeze(1))
        loss = F.mse_loss(q, target)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()


def evaluate(agent):
    torch.manual_seed(99)
    env, total = Lift(200), 0.0
    for _ in range(25):
        _, reward = env.step(agent.act(env.obs(), 0.0))
        total += reward.mean().item()
    return total


agent, env = Agent(), Lift(16)
obs = env.obs()
for step in range(1, 1501):
    eps = max(0.1, 1 - step / 600)
    action = agent.act(obs, eps)
    nxt, reward = env.step(action)
    agent.memory.append((obs, action, reward, nxt))
    obs = env.obs()
    if step > 20:
        loss = agent.learn()
    if step % 50 == 0:
        agent.target.load_state_dict(agent.online.state_dict())
    if step % 250 == 0:
        print(f"step {step} eps {eps:.2f} td loss {loss:.4f}")
print(f"greedy return {evaluate(agent):.3f}")
