"""PPO on a tiny point-mass task: several epochs over each batch of experience."""
import torch
from torch import nn
from torch.distributions import Normal

torch.manual_seed(0)


class Env:
    def __init__(self, n=32):
        self.n = n

    def reset(self):
        self.x, self.v, self.t = torch.randn(self.n), torch.zeros(self.n), 0
        return torch.stack([self.x, self.v], 1)

    def step(self, a):
        self.v = 0.9 * self.v + 0.2 * a.clamp(-1, 1)
        self.x = self.x + self.v
        self.t += 1
        return torch.stack([self.x, self.v], 1), -self.x.abs() - 0.05 * a.pow(2), self.t >= 20


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.pi = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
        self.vf = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
        self.log_std = nn.Parameter(torch.zeros(1) - 0.5)

    def forward(self, s):
        return Normal(self.pi(s).squeeze(-1), self.log_std.exp()), self.vf(s).squeeze(-1)


env, ac = Env(), ActorCritic()
opt = torch.optim.Adam(ac.parameters(), lr=3e-3)
for it in range(40):
    s, S, A, L, R, V = env.reset(), [], [], [], [], []
    done = False
    while not done:
        with torch.no_grad():
            dist, v = ac(s)
            a = dist.sample()
        s2, r, done = env.step(a)
        S.append(s), A.append(a), L.append(dist.log_prob(a)), R.append(r), V.append(v)
        s = s2
    ret, g = [], torch.zeros(env.n)
    for r in reversed(R):
        g = r + 0.95 * g
        ret.insert(0, g)
    S, A, L, ret, V = torch.cat(S), torch.cat(A), torch.cat(L), torch.cat(ret) / 10, torch.cat(V)
    adv = ret - V
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(4):
        for idx in torch.randperm(len(S)).split(160):
            dist, v = ac(S[idx])
            ratio = (dist.log_prob(A[idx]) - L[idx]).exp()
            clipped = ratio.clamp(0.8, 1.2)
            loss = -torch.min(ratio * adv[idx], clipped * adv[idx]).mean() + 0.5 * (v - ret[idx]).pow(2).mean() - 0.003 * dist.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(ac.parameters(), 0.5)
            opt.step()
    if it % 8 == 7:
        print(f"iteration {it + 1} mean return {torch.stack(R).sum(0).mean().item():.2f}")
