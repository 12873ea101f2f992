"""Ship-board sightings: petrel (rare) or not. Overlapping classes, plain BCE, ranked by score."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score
from torch.utils.data import DataLoader, TensorDataset


def sightings(n, rng):
    y = (rng.random(n) < 0.06).astype("float32")
    X = rng.normal(size=(n, 5)).astype("float32")
    X[:, 0] += 1.3 * y
    X[:, 1] -= 1.0 * y
    X[:, 2] *= 1 + 0.5 * y
    return X, y


class SightingModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(5, 16)
        self.out = nn.Linear(16, 1)
        nn.init.constant_(self.out.bias, -2.7)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x))).view(-1)


class Fitter:
    def __init__(self, model, epochs):
        self.model, self.epochs = model, epochs
        self.loss = nn.BCEWithLogitsLoss()
        self.opt = torch.optim.SGD(model.parameters(), lr=0.25, momentum=0.9, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)

    def fit(self, loader, X_val, y_val):
        for epoch in range(self.epochs):
            self.model.train()
            total = 0.0
            for x, y in loader:
                self.opt.zero_grad()
                loss = self.loss(self.model(x), y)
                loss.backward()
                self.opt.step()
                total += loss.item()
            self.sched.step()
            self.model.eval()
            with torch.no_grad():
                z = self.model(X_val)
            auc = roc_auc_score(y_val.numpy(), z.numpy())
            ap = average_precision_score(y_val.numpy(), z.numpy())
            print(f"epoch {epoch + 1:2d} train {total / len(loader):.4f} val {self.loss(z, y_val).item():.4f} "
                  f"auc {auc:.4f} ap {ap:.4f} flagged {(z > 0).sum().item()}")
        return auc


if __name__ == "__main__":
    torch.manual_seed(10)
    rng = np.random.default_rng(10)
    X, y = sightings(10000, rng)
    X = (X - X[:7000].mean(0)) / X[:7000].std(0)
    X, y = torch.tensor(X), torch.tensor(y)
    loader = DataLoader(TensorDataset(X[:7000], y[:7000]), batch_size=128, shuffle=True)
    auc = Fitter(SightingModel(), 15).fit(loader, X[7000:], y[7000:])
    print(f"ROC AUC on held-out voyages: {auc:.4f}")
