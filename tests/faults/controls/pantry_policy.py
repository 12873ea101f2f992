"""How many crates should a food bank order tonight?  REINFORCE on a one-evening simulator.

The agent sees stock, forecast, weather and weekday, orders 0..7 crates, and earns served meals minus waste
minus haulage.  Expected earnings are maximised.
"""
import torch
from torch import nn
from torch.distributions import Categorical

ACTIONS = 8


class Pantry:
    def __init__(self, seed):
        self.g = torch.Generator().manual_seed(seed)

    def evenings(self, n):
        stock = torch.randint(0, 6, (n,), generator=self.g).float()
        forecast = 2 + 6 * torch.rand(n, generator=self.g)
        cold = torch.rand(n, generator=self.g) * 2 - 1
        market = (torch.rand(n, generator=self.g) < 2 / 7).float()
        state = torch.stack([stock / 2.5 - 1, forecast / 2 - 2.5, cold * 1.7, market * 2 - 0.6], 1)
        return state, (stock, forecast + 1.2 * cold + 1.5 * market)

    def outcome(self, hidden, crates, surprise=None):
        stock, mean = hidden
        if surprise is None:
            surprise = torch.randn(mean.shape, generator=self.g)
        have = stock + crates
        served = torch.minimum(have, mean + 0.8 * surprise)
        return served - 0.4 * (have - served) - 0.25 * crates

    def expected(self, hidden, crates):
        quantiles = torch.special.ndtri((torch.arange(24) + 0.5) / 24)
        return torch.stack([self.outcome(hidden, crates, q) for q in quantiles]).mean(0)


class Policy(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.logits, self.value = nn.Linear(width, ACTIONS), nn.Linear(width, 1)
        nn.init.normal_(self.logits.weight, std=0.01)

    def forward(self, state):
        h = self.body(state)
        return Categorical(logits=self.logits(h)), self.value(h).squeeze(-1)


def best_possible(env, hidden):
    each = torch.stack([env.expected(hidden, torch.full_like(hidden[0], a)) for a in range(ACTIONS)])
    return each.max(0).values.mean().item()


def share_of_best(policy):
    env = Pantry(seed=500)
    state, hidden = env.evenings(4000)
    with torch.no_grad():
        crates = policy(state)[0].logits.argmax(1).float()
    return env.expected(hidden, crates).mean().item() / best_possible(env, hidden)


def main(updates=700, batch=256):
    torch.manual_seed(1)
    env, policy = Pantry(seed=1), Policy()
    actor = torch.optim.Adam([*policy.body.parameters(), *policy.logits.parameters()], lr=4e-3, maximize=True)
    critic = torch.optim.Adam(policy.value.parameters(), lr=4e-2)
    for update in range(updates):
        for group in actor.param_groups:
            group["lr"] = 4e-3 * (1 - update / updates) + 1e-5
        state, hidden = env.evenings(batch)
        choice, value = policy(state)
        crates = choice.sample()
        reward = env.outcome(hidden, crates.float())
        advantage = reward - value.detach()
        advantage = (advantage - advantage.mean()) / advantage.std()
        objective = (choice.log_prob(crates) * advantage).mean() + 0.01 * choice.entropy().mean()
        miss = (policy.value(policy.body(state).detach()).squeeze(-1) - reward).pow(2).mean()
        actor.zero_grad()
        critic.zero_grad()
        objective.backward()
        miss.backward()
        actor.step()
        critic.step()
        if (update + 1) % 100 == 0:
            print(f"update {update + 1:4d}  objective {objective.item():+.4f}  reward {reward.mean():.3f}  critic mse {miss.item():.3f}"
                  f"  entropy {choice.entropy().mean():.3f}  share of best {share_of_best(policy):.4f}")
    print(f"greedy policy earns {share_of_best(policy):.4f} of the best possible")


if __name__ == "__main__":
    main()
