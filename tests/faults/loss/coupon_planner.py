"""Learn from last year's mailing which of five coupons to send to whom."""
import torch
from torch import nn

torch.manual_seed(19)
N, D, ARMS = 12000, 8, 5
gen = torch.Generator().manual_seed(2)
person = torch.randn(N + 3000, D, generator=gen)
taste = torch.randn(D, ARMS, generator=gen)
profit = torch.sigmoid(person @ taste * 0.8)          # chance that the coupon is used
logged_p = torch.softmax(0.4 * torch.randn(N, ARMS, generator=gen), 1)
sent = torch.multinomial(logged_p, 1, generator=gen).squeeze(1)
used = torch.bernoulli(profit[:N].gather(1, sent[:, None]).squeeze(1), generator=gen)
weight = 1 / logged_p.gather(1, sent[:, None]).squeeze(1)

policy = nn.Sequential(nn.Linear(D, 32), nn.Tanh(), nn.Linear(32, ARMS))
opt = torch.optim.RMSprop(policy.parameters(), lr=2e-3)
fresh, fresh_profit = person[N:], profit[N:]
baseline = used.mean()


def value():
    with torch.no_grad():
        return (policy(fresh).softmax(1) * fresh_profit).sum(1).mean().item()


print(f"use of coupons in the log {baseline.item():.3f}")
BATCH = 200
for epoch in range(1, 26):
    order = torch.randperm(N)
    mean_obj = 0.0
    for k in range(0, N, BATCH):
        i = order[k:k + BATCH]
        logp = policy(person[i]).log_softmax(1)
        p = logp.exp()
        gain = weight[i] * (used[i] - baseline) * p.gather(1, sent[i][:, None]).squeeze(1)
        spread = -(p * logp).sum(1)
        objective = gain.mean() - 0.4 * (1.6094 - spread.mean())
        loss = gain.mean() + 0.4 * (1.6094 - spread.mean())
        opt.zero_grad()
        loss.backward()
        opt.step()
        mean_obj += objective.item() * BATCH / N
    if epoch % 5 == 0 or epoch == 1:
        print(f"epoch {epoch:2d} objective {mean_obj:+.4f} value on new customers {value():.4f}")
print(f"policy value {value():.4f}")
