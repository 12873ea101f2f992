"""REINFORCE with a learned baseline on a small pick-the-lever task with context."""
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.distributions import Categorical


@dataclass
class Conf:
    context: int = 6
    levers: int = 4
    horizon: int = 5
    episodes: int = 64
    iterations: int = 260
    lr: float = 8e-3
    entropy: float = 0.005
    seed: int = 27


class Ladder:
    """Each lever pays according to the context; the context drifts in a direction that the lever chooses."""

    def __init__(self, conf):
        g = torch.Generator().manual_seed(conf.seed)
        self.conf = conf
        self.pay = torch.randn(conf.context, conf.levers, generator=g)
        self.push = 0.4 * torch.randn(conf.levers, conf.context, generator=g)

    def reset(self):
        self.state = torch.randn(self.conf.episodes, self.conf.context)
        return self.state

    def step(self, action):
        reward = (self.state @ self.pay).gather(1, action[:, None]).squeeze(1) + 0.5 * torch.randn(len(action))
        self.state = 0.8 * self.state + self.push[action] + 0.3 * torch.randn_like(self.state)
        return self.state, reward


class ActorCritic(nn.Module):
    def __init__(self, conf):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(conf.context, 32), nn.Tanh())
        self.policy = nn.Linear(32, conf.levers)
        self.value = nn.Linear(32, 1)

    def forward(self, s):
        h = self.trunk(s)
        return Categorical(logits=self.policy(h)), self.value(h).squeeze(-1)


def rollout(env, agent):
    s, logps, values, rewards, entropies = env.reset(), [], [], [], []
    for _ in range(env.conf.horizon):
        dist, v = agent(s)
        a = dist.sample()
        logps.append(dist.log_prob(a))
        values.append(v)
        entropies.append(dist.entropy())
        s, r = env.step(a)
        rewards.append(r)
    returns = torch.stack(rewards).flip(0).cumsum(0).flip(0)
    return torch.stack(logps), torch.stack(values), returns, torch.stack(entropies)


conf = Conf()
torch.manual_seed(conf.seed)
env, agent = Ladder(conf), ActorCritic(conf)
opt = torch.optim.Adam(agent.parameters(), lr=conf.lr)
history = []
for it in range(conf.iterations):
    logp, value, ret, ent = rollout(env, agent)
    advantage = (ret - value).detach()
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    loss = -(logp * advantage).mean() + 0.05 * (ret - value).square().mean() - conf.entropy * ent.mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(agent.parameters(), 5.0)
    opt.step()
    history.append(ret[0].mean().item())
    if (it + 1) % 20 == 0:
        print(f"iteration {it + 1:3d} loss {loss.item():+.4f} mean return {sum(history[-20:]) / 20:.3f}")
print(f"average return over the last 40 iterations: {sum(history[-40:]) / 40:.4f}")
