import torch
import torch.nn as nn
from sklearn.datasets import make_moons


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base = base(self.param_groups, **kwargs)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def ascend(self):
        grads = [p.grad.norm() for g in self.param_groups for p in g["params"] if p.grad is not None]
        norm = torch.stack(grads).norm() + 1e-12
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                e = p.grad * (g["rho"] / norm)
                p.add_(e)
                self.state[p]["e"] = e
        self.zero_grad()

    @torch.no_grad()
    def descend(self):
        for g in self.param_groups:
            for p in g["params"]:
                if "e" in self.state[p]:
                    p.sub_(self.state[p].pop("e"))
        self.base.step()
        self.zero_grad()

    def step(self, closure=None):
        raise RuntimeError("use ascend() and descend()")


torch.manual_seed(42)
X, y = make_moons(2000, noise=0.2, random_state=42)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
X = (X - X[:1500].mean(0)) / X[:1500].std(0)
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
opt = SAM(model.parameters(), torch.optim.SGD, rho=0.05, lr=0.1, momentum=0.9)
bce = nn.BCEWithLogitsLoss()
for epoch in range(25):
    total = 0.0
    for idx in torch.randperm(1500).split(50):
        loss = bce(model(X[idx]).squeeze(1), y[idx])
        loss.backward()
        opt.ascend()
        bce(model(X[idx]).squeeze(1), y[idx]).backward()
        opt.descend()
        total += loss.item()
    with torch.no_grad():
        logits = model(X[1500:]).squeeze(1)
    acc = ((logits > 0) == (y[1500:] > 0.5)).float().mean().item()
    if epoch % 4 == 0:
        print(f"epoch {epoch}: loss {total / 30:.4f} test loss {bce(logits, y[1500:]).item():.4f} acc {acc:.4f}")
print(f"test accuracy {acc:.4f}")
