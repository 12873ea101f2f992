"""Digits with hard binary hidden units; the gradient goes straight through the step."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class HardStep(nn.Module):
    def forward(self, z):
        soft = torch.sigmoid(z)
        hard = (soft > 0.5).float()
        return hard.detach() - soft.detach() + soft


class BinaryUnitsNet(nn.Module):
    def __init__(self, hidden=96):
        super().__init__()
        self.inp = nn.Linear(64, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.step = HardStep()
        self.out = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(self.step(self.norm(self.inp(x))))


def load():
    X, y = load_digits(return_X_y=True)
    X_tr, X_te, y_tr, y_te = train_test_split(X / 16.0, y, test_size=0.3, stratify=y, random_state=5)
    m = X_tr.mean()
    s = X_tr.std()
    to = lambda a: torch.tensor((a - m) / s, dtype=torch.float32)
    return to(X_tr), torch.tensor(y_tr), to(X_te), torch.tensor(y_te)


torch.manual_seed(5)
X_tr, y_tr, X_te, y_te = load()
net = BinaryUnitsNet()
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(30):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(X_tr)).split(50):
        loss = F.cross_entropy(net(X_tr[idx]), y_tr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        logits = net(X_te)
    acc = (logits.argmax(1) == y_te).float().mean().item()
    print(f"epoch {epoch:2d} train {total / len(X_tr):.4f} test {F.cross_entropy(logits, y_te).item():.4f} acc {acc:.4f}")
print(f"test accuracy with binary units: {acc:.4f}")
