"""Survey dives: is there an octopus den in a quadrat? Sensor and habitat readings, few dens."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)
torch.set_num_threads(1)


def dives(n, den_share=0.04):
    den = (torch.rand(n) < den_share).float()
    x = torch.randn(n, 9)
    x[:, 0] += 1.0 * den
    x[:, 3] -= 0.8 * den
    x[:, 5] += 0.8 * den
    x[:, 7] = x[:, 7] * (1 + 0.5 * den)
    return x, den


class DenFinder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 12), nn.GELU(), nn.Dropout(0.1))
        self.out = nn.Linear(12, 1)

    def forward(self, x):
        return self.out(self.body(x)).squeeze(-1)


class Trainer:
    def __init__(self, model, train_set, test_set, lr=2e-3):
        self.model = model
        self.loader = DataLoader(train_set, batch_size=128, shuffle=True)
        self.test_x, self.test_y = test_set.tensors
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-2)
        self.criterion = nn.BCEWithLogitsLoss()

    def epoch(self):
        self.model.train()
        total = 0.0
        for x, y in self.loader:
            self.opt.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.opt.step()
            total += loss.item() * len(y)
        return total / len(self.loader.dataset)

    @torch.no_grad()
    def report(self):
        self.model.eval()
        called = (self.model(self.test_x) > 0).float()
        y = self.test_y
        acc = (called == y).float().mean().item()
        recall = called[y == 1].mean().item()
        specificity = 1 - called[y == 0].mean().item()
        return acc, recall, specificity

    def fit(self, epochs):
        for e in range(1, epochs + 1):
            loss = self.epoch()
            if e % 4 == 0:
                acc, rec, spec = self.report()
                print(f"[{e:02d}] loss {loss:.4f} acc {acc:.3f} den recall {rec:.3f} balanced {(rec + spec) / 2:.3f}")


train_x, train_y = dives(8000)
test_x, test_y = dives(4000)
print(f"dens in training quadrats: {int(train_y.sum())} of {len(train_y)}")
Trainer(DenFinder(), TensorDataset(train_x, train_y), TensorDataset(test_x, test_y)).fit(20)
