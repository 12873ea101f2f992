# tasters compared pears two at a time; learn a sweetness score with a hinge on the difference
import torch
from torch import nn

torch.manual_seed(64)
pears = torch.randn(600, 8)
w = torch.tensor([1.0, -0.6, 0.4, 0.0, 0.8, -0.3, 0.0, 0.5])
sweet = pears @ w + 0.5 * torch.sin(2 * pears[:, 0])


def tastings(n, lo, hi):
    pair = torch.randint(lo, hi, (n, 2))
    gap = sweet[pair[:, 0]] - sweet[pair[:, 1]]
    keep = gap.abs() > 0.4
    pair, gap = pair[keep], gap[keep]
    return torch.where(gap.unsqueeze(1) > 0, pair, pair.flip(1))


train, test = tastings(9000, 0, 450), tastings(3000, 450, 600)
scorer = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(scorer.parameters(), lr=3e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)

for epoch in range(20):
    scorer.train()
    total, active = 0.0, 0
    batches = torch.randperm(len(train)).split(64)
    for idx in batches:
        better, worse = scorer(pears[train[idx, 0]]), scorer(pears[train[idx, 1]])
        hinge = torch.relu(1 - (better - worse))
        loss = hinge.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
        active += (hinge > 0).sum().item()
    sched.step()
    scorer.eval()
    with torch.no_grad():
        s = scorer(pears).squeeze(1)
        agree = (s[test[:, 0]] > s[test[:, 1]]).float().mean().item()
    if epoch % 2 == 1:
        print(f"epoch {epoch + 1:2d}  hinge {total / len(batches):.4f}  active {active / len(train):.3f}  agreement {agree:.4f}")
