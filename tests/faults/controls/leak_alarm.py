"""Pipeline leak alarm: 6 % positives whose features overlap the normal ones. Squared hinge on a single score."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score

rng = np.random.default_rng(40)
torch.manual_seed(40)


def minutes(n):
    leak = rng.random(n) < 0.06
    x = rng.standard_normal((n, 8))
    x[leak] += np.array([0.8, -0.7, 0.6, 0.5, 0, 0, 0, 0])
    x[:, 4] = 0.7 * x[:, 0] + 0.7 * x[:, 4]
    return torch.tensor(x, dtype=torch.float32), torch.tensor(np.where(leak, 1.0, -1.0), dtype=torch.float32)


class Alarm(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)
        self.score = nn.Linear(8, 1)

    def forward(self, x):
        return self.score(torch.relu(self.inner(x))).squeeze(-1)


def squared_hinge(score, sign, positive_weight=8.0):
    weight = torch.where(sign > 0, positive_weight, 1.0)
    return (weight * torch.relu(1 - sign * score).pow(2)).mean()


train_x, train_y = minutes(20000)
test_x, test_y = minutes(6000)
alarm = Alarm()
opt = torch.optim.SGD(alarm.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.LinearLR(opt, start_factor=1.0, end_factor=0.02, total_iters=10)
for epoch in range(10):
    order = torch.randperm(len(train_x))
    loss_sum = 0.0
    for start in range(0, len(order), 200):
        pick = order[start:start + 200]
        opt.zero_grad()
        loss = squared_hinge(alarm(train_x[pick]), train_y[pick])
        loss.backward()
        opt.step()
        loss_sum += loss.item() * len(pick)
    sched.step()
    with torch.no_grad():
        s = alarm(test_x)
        test_loss = squared_hinge(s, test_y).item()
    auc = roc_auc_score(test_y > 0, s)
    caught = (s[test_y > 0] > 0).float().mean().item()
    print(f"epoch {epoch} loss {loss_sum / len(order):.4f} test loss {test_loss:.4f} auc {auc:.4f} "
          f"ap {average_precision_score(test_y > 0, s):.3f} leaks caught {caught:.2f}")
print(f"test AUC {auc:.4f}")
