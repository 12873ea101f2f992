"""Joint model: style of the cask (3 classes) and the panel's score, from twelve lab readings."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--score-weight", type=float, default=1.0)
args = parser.parse_args()
torch.manual_seed(11)


def lab_readings(n=2400):
    x = torch.randn(n, 12)
    style = torch.stack([x[:, 0] + x[:, 1], x[:, 2] - x[:, 3], 0.8 * x[:, 4] * x[:, 5]], 1).argmax(1)
    score = torch.sin(1.5 * x[:, 0]) + 0.7 * x[:, 6] * (style == 1) - 0.6 * x[:, 7] + 0.4 * x[:, 8] ** 2
    score = score + 0.15 * torch.randn(n)
    return x, style, (score - score.mean()) / score.std()


class CaskNet(nn.Module):
    def __init__(self, n_in=12, width=64):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.style = nn.Linear(width, 3)
        self.score = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.style(h), self.score(h)


def joint_loss(logits, pred, style, score):
    ce = F.cross_entropy(logits, style)
    err = (pred - score).pow(2).mean()
    return ce + args.score_weight * err, ce, err


x, style, score = lab_readings()
tr, va = train_test_split(range(len(x)), test_size=0.25, random_state=0)
x_tr, s_tr, q_tr = x[tr], style[tr], score[tr]
x_va, s_va, q_va = x[va], style[va], score[va]

net = CaskNet()
opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
for epoch in range(args.epochs):
    net.train()
    for idx in torch.randperm(len(x_tr)).split(50):
        logits, pred = net(x_tr[idx])
        loss, ce, err = joint_loss(logits, pred, s_tr[idx], q_tr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    net.eval()
    with torch.no_grad():
        logits, pred = net(x_va)
        acc = (logits.argmax(1) == s_va).float().mean().item()
        r2 = 1 - ((pred.flatten() - q_va) ** 2).mean().item() / q_va.var().item()
    if epoch % 3 == 2:
        print(f"{epoch + 1:3d} loss {loss.item():.3f} (style {ce.item():.3f}, score {err.item():.3f}) val acc {acc:.3f} r2 {r2:.3f}")
print(f"style accuracy {acc:.4f}")
print(f"panel score R2 {r2:.4f}")
