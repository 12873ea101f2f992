"""How many trays should each branch of the bakery bake tonight?  Advantage actor-critic on a simulator of 128 branches."""
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass
class Cfg:
    branches: int = 128
    horizon: int = 12
    updates: int = 350
    gamma: float = 0.9
    lr: float = 1e-2
    entropy: float = 0.01
    max_trays: int = 14
    seed: int = 5


class Bakery:
    """State per branch: trays left over, weekday, tomorrow's weather.  Reward: profit of the day, in tens of euros."""

    BASE = torch.tensor([4.0, 4.0, 5.0, 5.0, 8.0, 11.0, 2.0])

    def __init__(self, n, gen):
        self.n, self.gen = n, gen
        self.stock = torch.zeros(n)
        self.day = torch.randint(0, 7, (n,), generator=gen)
        self.sun = torch.rand(n, generator=gen)

    def observe(self):
        week = torch.nn.functional.one_hot(self.day, 7).float()
        return torch.cat([self.stock[:, None] / 5, self.sun[:, None] * 2 - 1, week], dim=1)

    def step(self, trays):
        rate = self.BASE[self.day] * (0.6 + 0.8 * self.sun)
        demand = torch.poisson(rate, generator=self.gen)
        shelf = self.stock + trays
        sold = torch.minimum(shelf, demand)
        left = shelf - sold
        lost = demand - sold
        profit = 3.0 * sold - 1.2 * trays - 0.5 * left - 0.5 * lost
        self.stock = (0.5 * left).floor()
        self.day = (self.day + 1) % 7
        self.sun = torch.rand(self.n, generator=self.gen)
        return profit / 10


class ActorCritic(nn.Module):
    def __init__(self, n_obs, n_act, hidden=64):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(n_obs, hidden), nn.Tanh(), nn.Linear(hidden, n_act))
        self.critic = nn.Sequential(nn.Linear(n_obs, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, obs):
        return torch.distributions.Categorical(logits=self.actor(obs)), self.critic(obs).squeeze(-1)


def collect(env, net, cfg):
    logps, ents, vals, rews = [], [], [], []
    for _ in range(cfg.horizon):
        pi, v = net(env.observe())
        a = pi.sample()
        logps.append(pi.log_prob(a)); ents.append(pi.entropy()); vals.append(v)
        rews.append(env.step(a.float()))
    with torch.no_grad():
        tail = net(env.observe())[1]
    returns = []
    for r in reversed(rews):
        tail = r + cfg.gamma * tail
        returns.insert(0, tail)
    return torch.stack(logps), torch.stack(ents), torch.stack(vals), torch.stack(returns), torch.stack(rews)


@torch.no_grad()
def audit(net, days=56):
    env = Bakery(200, torch.Generator().manual_seed(99))
    total = 0.0
    for _ in range(days):
        pi, _ = net(env.observe())
        total += env.step(pi.probs.argmax(1).float()).mean().item()
    return 10 * total / days


def main(cfg=Cfg()):
    torch.manual_seed(cfg.seed)
    env = Bakery(cfg.branches, torch.Generator().manual_seed(cfg.seed))
    net = ActorCritic(9, cfg.max_trays + 1)
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
    decay = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.1, cfg.updates)

    for u in range(1, cfg.updates + 1):
        logp, ent, values, returns, rews = collect(env, net, cfg)
        adv = values - returns
        policy_loss = -(logp * adv.detach()).mean()
        value_loss = adv.pow(2).mean()
        loss = policy_loss + 0.5 * value_loss - cfg.entropy * ent.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        decay.step()
        if u % 50 == 0:
            print(f"update {u:4d}  value_loss {value_loss.item():7.4f}  entropy {ent.mean().item():.3f}  "
                  f"profit/day {10 * rews.mean().item():6.2f}")
    print(f"audited profit per branch and day: {audit(net):.3f} euros")


main()
