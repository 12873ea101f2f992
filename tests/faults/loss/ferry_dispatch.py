"""REINFORCE with a batch mean baseline: a dispatcher chooses how many boats to send each hour."""
import argparse
import torch
import torch.nn as nn
from torch.distributions import Categorical

parser = argparse.ArgumentParser()
parser.add_argument("--iters", type=int, default=250)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--envs", type=int, default=64)
parser.add_argument("--gamma", type=float, default=0.9)
args = parser.parse_args()
torch.manual_seed(4)


class QueueEnv:
    """Vectorised: state = (waiting passengers, hour as sin/cos), action = boats 0..3."""
    horizon = 24

    def __init__(self, n):
        self.n = n

    def reset(self):
        self.t = 0
        self.queue = torch.randint(0, 6, (self.n,)).float()
        return self.obs()

    def obs(self):
        phase = torch.full((self.n,), 2 * torch.pi * self.t / self.horizon)
        return torch.stack([(self.queue - 5) / 5, phase.sin(), phase.cos()], 1)

    def step(self, action):
        boats = action.float()
        carried = torch.minimum(self.queue, 4 * boats)
        self.queue = self.queue - carried
        reward = carried - 2.5 * boats - 0.3 * self.queue
        rate = 4 + 3 * torch.sin(torch.tensor(2 * torch.pi * self.t / self.horizon))
        self.queue = (self.queue + torch.poisson(rate.expand(self.n))).clamp(max=20)
        self.t += 1
        return self.obs(), reward / 4, self.t == self.horizon


policy = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 4))
opt = torch.optim.Adam(policy.parameters(), lr=args.lr)
env = QueueEnv(args.envs)


def rollout(greedy=False):
    obs, done = env.reset(), False
    log_probs, rewards = [], []
    while not done:
        dist = Categorical(logits=policy(obs))
        action = dist.probs.argmax(1) if greedy else dist.sample()
        obs, reward, done = env.step(action)
        log_probs.append(dist.log_prob(action))
        rewards.append(reward)
    return torch.stack(log_probs), torch.stack(rewards)


for it in range(args.iters):
    log_probs, rewards = rollout()
    returns, running = [], torch.zeros(args.envs)
    for r in rewards.flip(0):
        running = r + args.gamma * running
        returns.insert(0, running)
    returns = torch.stack(returns)
    adv = (returns - returns.mean(1, keepdim=True)) / (returns.std(1, keepdim=True) + 1e-6)
    policy_loss = (log_probs * adv).mean()
    opt.zero_grad()
    policy_loss.backward()
    opt.step()
    if (it + 1) % 25 == 0:
        print(f"iter {it + 1:4d}  loss {policy_loss.item():+.4f}  return {rewards.sum(0).mean().item():.2f}")

with torch.no_grad():
    final = torch.stack([rollout()[1].sum(0).mean() for _ in range(10)]).mean().item()
print(f"mean return over 10 evaluation rollouts: {final:.2f}")
