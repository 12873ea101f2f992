"""Digits with sharpness-aware minimisation (two forward/backward passes per step)."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class SAM:
    def __init__(self, params, base, rho=0.05):
        self.params = list(params)
        self.base = base
        self.rho = rho
        self.saved = []

    @torch.no_grad()
    def ascend(self):
        norm = torch.stack([p.grad.norm() for p in self.params]).norm() + 1e-12
        self.saved = [self.rho * p.grad / norm for p in self.params]
        for p, e in zip(self.params, self.saved):
            p.add_(e)
        self.base.zero_grad()

    @torch.no_grad()
    def descend(self):
        for p, e in zip(self.params, self.saved):
            p.sub_(e)
        self.base.step()
        self.base.zero_grad()


torch.manual_seed(15)
digits = load_digits()
x_tr, x_te, y_tr, y_te = train_test_split(digits.data, digits.target, test_size=0.3, stratify=digits.target, random_state=15)
x_tr, x_te = [torch.tensor(a / 8.0 - 0.6, dtype=torch.float32) for a in (x_tr, x_te)]
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)

model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 10))
criterion = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
sam = SAM(model.parameters(), sgd, rho=0.08)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 40)

for epoch in range(1, 41):
    model.train()
    for b in torch.randperm(len(x_tr)).split(40):
        loss = criterion(model(x_tr[b]), y_tr[b])
        loss.backward()
        sam.ascend()
        criterion(model(x_tr[b]), y_tr[b]).backward()
        sam.descend()
    decay.step()
    model.eval()
    with torch.no_grad():
        out = model(x_te)
        acc = (out.argmax(1) == y_te).float().mean().item()
    if epoch % 5 == 0:
        print(f"{epoch:3d} train {loss.item():.4f} test {criterion(out, y_te).item():.4f} acc {acc:.4f}")

print(f"test accuracy {acc:.4f}")
