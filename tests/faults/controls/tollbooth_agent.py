"""
A toll plaza opens one of four lanes each minute.  State: the four queues and how fast each
one fills.  Policy gradient with a learned baseline; 64 plazas are simulated side by side.
"""
import torch
import torch.nn as nn
from torch.distributions import Categorical

LANES, MINUTES, PLAZAS = 4, 20, 64


class Plaza:
    def __init__(self, n, gen):
        self.n, self.gen = n, gen
        self.rate = 0.2 + 1.2 * torch.rand(n, LANES, generator=gen)
        self.queue = 3 * torch.rand(n, LANES, generator=gen)

    def state(self):
        return torch.cat([(self.queue - 4) / 3, (self.rate - 0.8) / 0.35], 1)

    def step(self, lane):
        served = torch.zeros(self.n, LANES).scatter_(1, lane[:, None], 5.0)
        self.queue = (self.queue - served).clamp(min=0)
        self.queue = (self.queue + torch.poisson(self.rate, generator=self.gen)).clamp(max=12)
        return -self.queue.pow(1.5).sum(1) / 40


def net(out):
    return nn.Sequential(nn.Linear(2 * LANES, 64), nn.Tanh(), nn.Linear(64, out))


@torch.no_grad()
def judge(choose, gen_seed=1):
    plaza = Plaza(400, torch.Generator().manual_seed(gen_seed))
    total = torch.zeros(400)
    for _ in range(MINUTES):
        total += plaza.step(choose(plaza))
    return total.mean().item()


torch.manual_seed(44)
gen = torch.Generator().manual_seed(44)
policy, value = net(LANES), net(1)
opt_p = torch.optim.Adam(policy.parameters(), lr=6e-3)
opt_v = torch.optim.Adam(value.parameters(), lr=1e-2)
ITER = 140
decay = torch.optim.lr_scheduler.LinearLR(opt_p, 1.0, 0.05, total_iters=ITER)

print("random lanes %.2f, longest queue first %.2f" % (
    judge(lambda p: torch.randint(0, LANES, (p.n,))), judge(lambda p: p.queue.argmax(1))))
for it in range(1, ITER + 1):
    plaza = Plaza(PLAZAS, gen)
    states, logps, ents, rewards = [], [], [], []
    for _ in range(MINUTES):
        s = plaza.state()
        dist = Categorical(logits=policy(s))
        lane = dist.sample()
        states.append(s)
        logps.append(dist.log_prob(lane))
        ents.append(dist.entropy())
        rewards.append(plaza.step(lane))
    ret, acc = [], torch.zeros(PLAZAS)
    for r in reversed(rewards):
        acc = r + 0.8 * acc
        ret.append(acc)
    ret = torch.stack(ret[::-1])
    ret_n = (ret + 5.0) / 3.0
    base = value(torch.stack(states)).squeeze(-1)
    adv = (ret_n - base).detach()
    adv = (adv - adv.mean()) / (adv.std() + 1e-6)
    loss_p = -(torch.stack(logps) * adv).mean() - 0.003 * torch.stack(ents).mean()
    opt_p.zero_grad()
    loss_p.backward()
    opt_p.step()
    decay.step()
    loss_v = (base - ret_n).pow(2).mean()
    opt_v.zero_grad()
    loss_v.backward()
    opt_v.step()
    if it % 20 == 0:
        greedy = judge(lambda p: policy(p.state()).argmax(1))
        print("it %d  policy loss %+.4f  value loss %.3f  greedy reward %.3f" % (it, loss_p.item(), loss_v.item(), greedy))
print("greedy reward of the final policy: %.3f" % judge(lambda p: policy(p.state()).argmax(1)))
