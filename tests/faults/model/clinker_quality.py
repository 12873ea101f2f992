"""Pass or fail of cement clinker samples from laboratory values (small set)."""
import copy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


class Clinker(nn.Module):
    def __init__(self, n_in, width, depth):
        super().__init__()
        sizes = [n_in] + [width] * depth
        self.hidden = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = F.gelu(layer(x))
        return self.out(x).squeeze(-1)


class Fitter:
    def __init__(self, model, lr=5e-4, epochs=80, batch=32):
        self.model, self.epochs, self.batch = model, epochs, batch
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.history = []

    def loss_on(self, x, y):
        self.model.eval()
        with torch.no_grad():
            z = self.model(x)
            return F.binary_cross_entropy_with_logits(z, y).item(), ((z > 0).float() == y).float().mean().item()

    def fit(self, x, y, x_val, y_val):
        for epoch in range(self.epochs):
            self.model.train()
            for idx in torch.randperm(len(x)).split(self.batch):
                self.opt.zero_grad()
                loss = F.binary_cross_entropy_with_logits(self.model(x[idx]), y[idx])
                loss.backward()
                self.opt.step()
            train_loss, _ = self.loss_on(x, y)
            val_loss, val_acc = self.loss_on(x_val, y_val)
            self.history.append((train_loss, val_loss))
            if epoch % 8 == 0:
                print(f"epoch {epoch:3d}  train {train_loss:.4f}  val {val_loss:.4f}  val acc {val_acc:.3f}")


def main():
    torch.manual_seed(1)
    X, y = make_classification(n_samples=900, n_features=16, n_informative=6, n_redundant=0, n_clusters_per_class=2,
                               flip_y=0.15, class_sep=0.8, random_state=3)
    X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.5, random_state=3, stratify=y)
    sc = StandardScaler().fit(X_tr)
    X_tr, X_va = (torch.tensor(sc.transform(a), dtype=torch.float32) for a in (X_tr, X_va))
    y_tr, y_va = (torch.tensor(a, dtype=torch.float32) for a in (y_tr, y_va))
    model = Clinker(X_tr.shape[1], width=128, depth=3)
    fitter = Fitter(model)
    fitter.fit(X_tr, y_tr, X_va, y_va)
    val_loss, val_acc = fitter.loss_on(X_va, y_va)
    print(f"samples {len(X_tr)} / {len(X_va)}, weights {sum(p.numel() for p in model.parameters())}")
    print(f"validation accuracy {val_acc:.4f}")
    print(f"validation log loss {val_loss:.4f}")


if __name__ == "__main__":
    main()
