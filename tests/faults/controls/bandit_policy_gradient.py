import numpy as np
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(56)
np.random.seed(56)


class ContextualBandit:
    """Four arms, two context features; reward is noisy and depends on both."""

    def __init__(self):
        self.angles = torch.tensor([0.0, 0.5, 1.0, 1.5]) * torch.pi

    def contexts(self, n):
        return torch.randn(n, 2)

    def mean_reward(self, ctx):
        arms = torch.stack([self.angles.cos(), self.angles.sin()], 1)
        return ctx @ arms.t() / ctx.norm(dim=1, keepdim=True)

    def pull(self, ctx, action):
        m = self.mean_reward(ctx).gather(1, action[:, None]).squeeze(1)
        return m + 0.5 * torch.randn(len(ctx))


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.pi = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 4))

    def forward(self, ctx):
        return Categorical(logits=self.pi(ctx))


env, policy = ContextualBandit(), Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
baseline, entropy_coef = 0.0, 0.01
test_ctx = env.contexts(2000)
best = env.mean_reward(test_ctx).max(1).values.mean().item()
for it in range(1, 601):
    ctx = env.contexts(64)
    dist = policy(ctx)
    action = dist.sample()
    reward = env.pull(ctx, action)
    advantage = reward - baseline
    loss = -(dist.log_prob(action) * advantage).mean() - entropy_coef * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.95 * baseline + 0.05 * reward.mean().item()
    if it % 50 == 0:
        with torch.no_grad():
            greedy = policy(test_ctx).logits.argmax(1)
            value = env.mean_reward(test_ctx).gather(1, greedy[:, None]).mean().item()
        print(f"iter {it} loss {loss.item():+.4f} avg reward {baseline:.3f} greedy value {value:.3f} (best {best:.3f})")
print(f"greedy value / best = {value / best:.4f}")
