# Plant cover classes from quadrat photographs' colour statistics, labelled by volunteers.
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler


@dataclass
class Config:
    classes: int = 6
    features: int = 24
    n_survey: int = 2400
    n_expert: int = 900
    hidden: int = 48
    epochs: int = 40
    patience: int = 6
    batch: int = 48
    lr: float = 1e-3
    seed: int = 13


def load(cfg):
    rng = np.random.default_rng(cfg.seed)
    X, truth = make_classification(
        n_samples=cfg.n_survey + cfg.n_expert, n_features=cfg.features, n_informative=12,
        n_redundant=4, n_classes=cfg.classes, n_clusters_per_class=1, class_sep=2.0,
        flip_y=0.0, random_state=cfg.seed)
    survey, expert = slice(0, cfg.n_survey), slice(cfg.n_survey, None)
    scaler = StandardScaler().fit(X[survey])
    skill = rng.uniform(0.25, 0.65, size=30)
    volunteer = rng.integers(0, len(skill), cfg.n_survey)
    sure = rng.random(cfg.n_survey) < skill[volunteer]
    answers = np.where(sure, truth[survey], rng.integers(0, cfg.classes, cfg.n_survey))
    X = torch.from_numpy(scaler.transform(X)).float()
    return X[survey], torch.from_numpy(answers), X[expert], torch.from_numpy(truth[expert])


class CoverNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(cfg.features, cfg.hidden), nn.GELU(), nn.Dropout(0.1),
            nn.Linear(cfg.hidden, cfg.hidden), nn.GELU(), nn.Dropout(0.1),
            nn.Linear(cfg.hidden, cfg.classes))

    def forward(self, x):
        return self.layers(x)


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    X, y, X_expert, y_expert = load(cfg)
    n_val = 400
    X_val, y_val, X, y = X[:n_val], y[:n_val], X[n_val:], y[n_val:]
    model = CoverNet(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr, weight_decay=1e-4)
    loss_fn = nn.CrossEntropyLoss()
    best, waited, state = float("inf"), 0, None
    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        for idx in torch.randperm(len(X)).split(cfg.batch):
            optimizer.zero_grad()
            loss = loss_fn(model(X[idx]), y[idx])
            loss.backward()
            optimizer.step()
            running += loss.item() * len(idx)
        model.eval()
        with torch.no_grad():
            val = loss_fn(model(X_val), y_val).item()
        print(f"[{epoch + 1}] train {running / len(X):.4f} val {val:.4f}")
        if val < best - 1e-3:
            best, waited = val, 0
            state = {k: v.clone() for k, v in model.state_dict().items()}
        else:
            waited += 1
            if waited >= cfg.patience:
                break
    model.load_state_dict(state)
    model.eval()
    with torch.no_grad():
        acc = (model(X_expert).argmax(1) == y_expert).float().mean().item()
    print(f"accuracy against the experts: {acc:.4f}")


main()
