"""An angler learns which fly to tie on, from the light and the water (contextual bandit, REINFORCE)."""
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(18)
torch.set_num_threads(1)

FLIES, FEATURES = 5, 6
liking = torch.randn(FEATURES, FLIES, generator=torch.Generator().manual_seed(3))


def brook(n):
    state = torch.randn(n, FEATURES)
    chance = torch.sigmoid(1.5 * (state @ liking))
    return state, chance


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh())
        self.actor = nn.Linear(32, FLIES)
        self.baseline = nn.Linear(32, 1)

    def forward(self, state):
        h = self.body(state)
        return Categorical(logits=self.actor(h)), self.baseline(h).squeeze(1)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
test_state, test_chance = brook(2000)

smooth = None
for episode in range(1, 801):
    state, chance = brook(64)
    dist, value = policy(state)
    fly = dist.sample()
    reward = torch.bernoulli(chance.gather(1, fly[:, None]).squeeze(1))
    advantage = reward - value.detach()
    actor_loss = -(dist.log_prob(fly) * advantage).mean()
    value_loss = (value - reward).pow(2).mean()
    loss = actor_loss + 0.5 * value_loss - 0.005 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    caught = reward.mean().item()
    smooth = caught if smooth is None else 0.98 * smooth + 0.02 * caught
    if episode % 100 == 0:
        print(f"episode {episode}: loss {loss.item():+.4f}, fish per cast {smooth:.3f}, entropy {dist.entropy().mean().item():.3f}")

with torch.no_grad():
    dist, _ = policy(test_state)
    greedy = test_chance.gather(1, dist.probs.argmax(1, keepdim=True)).mean().item()
print(f"random fly {test_chance.mean().item():.3f}, best fly {test_chance.max(1).values.mean().item():.3f}")
print(f"learned policy {greedy:.3f}")
