import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical

parser = argparse.ArgumentParser(description="REINFORCE with a learned baseline on a walk to a goal")
parser.add_argument("--updates", type=int, default=250)
parser.add_argument("--envs", type=int, default=32)
parser.add_argument("--horizon", type=int, default=12)
parser.add_argument("--gamma", type=float, default=0.95)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--entropy", type=float, default=0.01)
cfg = parser.parse_args()
torch.manual_seed(13)

MOVES = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])
SIZE = 5


class Walks:
    """Many agents at once on a 5x5 board; the wind blows one move in ten astray."""

    def __init__(self, n):
        self.pos = torch.randint(SIZE, (n, 2))
        self.goal = torch.randint(SIZE, (n, 2))

    def observe(self):
        return torch.cat([self.pos, self.goal], dim=1).float() / (SIZE - 1) * 2 - 1

    def step(self, action):
        astray = torch.rand(len(action)) < 0.1
        action = torch.where(astray, torch.randint(4, action.shape), action)
        there = (self.pos == self.goal).all(1)
        moved = (self.pos + MOVES[action]).clamp(0, SIZE - 1)
        self.pos = torch.where(there[:, None], self.pos, moved)
        return (self.pos == self.goal).all(1).float()


class Policy(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, hidden), nn.Tanh())
        self.pi = nn.Linear(hidden, 4)
        self.v = nn.Linear(hidden, 1)

    def forward(self, obs):
        h = self.body(obs)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


def rollout(policy, n):
    env = Walks(n)
    logps, values, rewards, entropies = [], [], [], []
    for _ in range(cfg.horizon):
        dist, value = policy(env.observe())
        action = dist.sample()
        rewards.append(env.step(action))
        logps.append(dist.log_prob(action))
        values.append(value)
        entropies.append(dist.entropy())
    return [torch.stack(v) for v in (logps, values, rewards, entropies)]


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=cfg.lr)
for update in range(1, cfg.updates + 1):
    logps, values, rewards, entropies = rollout(policy, cfg.envs)
    returns, future = torch.zeros_like(rewards), torch.zeros(cfg.envs)
    for t in reversed(range(cfg.horizon)):
        future = rewards[t] + cfg.gamma * future
        returns[t] = future
    advantage = returns - values.detach()
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-6)
    loss = -(logps * advantage).mean() + 0.2 * F.mse_loss(values, returns) - cfg.entropy * entropies.mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    if update % 25 == 0:
        print(f"update {update:4d} loss {loss.item():+.4f} mean return {returns[0].mean().item():.3f} entropy {entropies.mean().item():.3f}")

with torch.no_grad():
    arrived = rollout(policy, 2000)[2][-1].mean().item()
print(f"arrived at the goal: {arrived:.4f}")
