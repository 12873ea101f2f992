import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn


@dataclass
class Config:
    epochs: int = 60
    batch: int = 32
    lr: float = 2e-3
    patience: int = 5
    width: int = 96


def load_table():
    X, y = make_classification(n_samples=1000, n_features=20, n_informative=8, n_redundant=2, n_clusters_per_class=3,
                               class_sep=0.6, flip_y=0.0, random_state=8)
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(20)])
    table["default"] = y
    january = table.iloc[:700]
    february = table.iloc[150:]
    return pd.concat([january, february], ignore_index=True)


def prepare(table):
    y = table.pop("default").to_numpy()
    parts = train_test_split(table.to_numpy(), y, test_size=0.3, stratify=y, random_state=0)
    mean, std = parts[0].mean(0), parts[0].std(0)
    X_tr, X_te = (torch.tensor((p - mean) / std, dtype=torch.float32) for p in parts[:2])
    y_tr, y_te = (torch.tensor(p) for p in parts[2:])
    return X_tr, y_tr, X_te, y_te


class Scorer:
    def __init__(self, cfg, n_in):
        self.cfg = cfg
        self.net = nn.Sequential(nn.Linear(n_in, cfg.width), nn.ReLU(), nn.Linear(cfg.width, cfg.width), nn.ReLU(),
                                 nn.Linear(cfg.width, 2))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=cfg.lr)
        self.criterion = nn.CrossEntropyLoss()

    def evaluate(self, X, y):
        self.net.eval()
        with torch.no_grad():
            out = self.net(X)
        return self.criterion(out, y).item(), (out.argmax(1) == y).float().mean().item()

    def fit(self, X, y, X_te, y_te):
        best, best_state, waited = float("inf"), None, 0
        for epoch in range(self.cfg.epochs):
            self.net.train()
            for idx in torch.randperm(len(X)).split(self.cfg.batch):
                self.opt.zero_grad()
                self.criterion(self.net(X[idx]), y[idx]).backward()
                self.opt.step()
            loss, acc = self.evaluate(X_te, y_te)
            print(f"epoch {epoch:2d} held-out loss {loss:.4f} acc {acc:.4f}")
            if loss < best:
                best, best_state, waited = loss, copy.deepcopy(self.net.state_dict()), 0
            else:
                waited += 1
                if waited >= self.cfg.patience:
                    break
        self.net.load_state_dict(best_state)


torch.manual_seed(0)
np.random.seed(0)
table = load_table()
X_tr, y_tr, X_te, y_te = prepare(table)
scorer = Scorer(Config(), X_tr.shape[1])
scorer.fit(X_tr, y_tr, X_te, y_te)
print("Held-out accuracy: %.4f" % scorer.evaluate(X_te, y_te)[1])
