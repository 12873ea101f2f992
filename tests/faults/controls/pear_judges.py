"""Judges compare pears two by two; learn a score with a margin ranking loss. The judges disagree a good deal."""
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(24)
torch.manual_seed(24)

N_PEARS, N_TRAITS = 900, 7
pears = rng.normal(size=(N_PEARS, N_TRAITS)).astype(np.float32)
worth = np.tanh(pears[:, 0]) + 0.8 * pears[:, 1] - 0.5 * pears[:, 2] ** 2 + 0.4 * pears[:, 3] * pears[:, 4]
pears = torch.from_numpy(pears)


def duels(low, high, n):
    a, b = rng.integers(low, high, n), rng.integers(low, high, n)
    keep = a != b
    a, b = a[keep], b[keep]
    noise = rng.logistic(0, 0.45, len(a))          # taste differs
    sign = np.where(worth[a] - worth[b] + noise > 0, 1.0, -1.0)
    return torch.tensor(a), torch.tensor(b), torch.tensor(sign, dtype=torch.float32)


train = duels(0, 650, 9000)
valid = duels(650, 775, 1500)
test = duels(775, 900, 1500)

scorer = nn.Sequential(nn.Linear(N_TRAITS, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
margin = nn.MarginRankingLoss(margin=1.0)
opt = torch.optim.Adam(scorer.parameters(), lr=2e-3, weight_decay=1e-4)


def judge(duel):
    scorer.eval()
    a, b, sign = duel
    with torch.no_grad():
        sa, sb = scorer(pears[a]).squeeze(1), scorer(pears[b]).squeeze(1)
    return margin(sa, sb, sign).item(), (torch.sign(sa - sb) == sign).float().mean().item()


best, best_state, patience = float("inf"), None, 0
for epoch in range(40):
    scorer.train()
    a, b, sign = train
    total = 0.0
    for idx in torch.randperm(len(a)).split(90):
        loss = margin(scorer(pears[a[idx]]).squeeze(1), scorer(pears[b[idx]]).squeeze(1), sign[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    val_loss, val_acc = judge(valid)
    print(f"epoch {epoch + 1:2d}  hinge {total / len(a):.4f}  validation {val_loss:.4f}  agreement {val_acc:.4f}")
    if val_loss < best - 1e-4:
        best, patience = val_loss, 0
        best_state = {k: v.clone() for k, v in scorer.state_dict().items()}
    else:
        patience += 1
        if patience == 4:
            print("no better for four epochs, stopping")
            break

scorer.load_state_dict(best_state)
print(f"agreement with the judges on new pears: {judge(test)[1]:.4f}")
