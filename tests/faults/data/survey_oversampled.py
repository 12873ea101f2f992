"""Will a surveyed household renew its insurance? (minority class oversampled)"""
import copy

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

SEED = 17
rng = np.random.RandomState(SEED)
torch.manual_seed(SEED)


def oversample(x, y):
    minority = np.flatnonzero(y == 1)
    extra = rng.choice(minority, size=(y == 0).sum() - len(minority), replace=True)
    keep = np.concatenate([np.arange(len(y)), extra])
    return x[keep], y[keep]


def prepare():
    x, y = make_classification(2000, 24, n_informative=10, n_redundant=0, weights=[0.8], class_sep=0.55,
                               n_clusters_per_class=3, flip_y=0.08, random_state=SEED)
    x = x.astype(np.float32)
    x, y = oversample(x, y)
    x_tr, x_va, y_tr, y_va = train_test_split(x, y, test_size=0.25, random_state=SEED, stratify=y)
    mu, sd = x_tr.mean(0), x_tr.std(0)
    return [torch.from_numpy(a).float() for a in ((x_tr - mu) / sd, y_tr, (x_va - mu) / sd, y_va)]


def balanced_accuracy(logits, y):
    pred = logits > 0
    return 0.5 * (pred[y == 1].float().mean() + (~pred[y == 0]).float().mean()).item()


def main():
    x_tr, y_tr, x_va, y_va = prepare()
    loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(24, 96), nn.ReLU(), nn.Dropout(0.2), nn.Linear(96, 1))
    loss_fn = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    best, best_state, patience = float("inf"), None, 0
    for epoch in range(60):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = loss_fn(model(xb).squeeze(1), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            out = model(x_va).squeeze(1)
            val = loss_fn(out, y_va).item()
        print(f"{epoch:2d} train {total / len(x_tr):.4f} val {val:.4f} bal.acc {balanced_accuracy(out, y_va):.4f}")
        if val < best - 1e-4:
            best, best_state, patience = val, copy.deepcopy(model.state_dict()), 0
        else:
            patience += 1
            if patience == 2:
                break
    model.load_state_dict(best_state)
    model.eval()
    with torch.no_grad():
        print(f"balanced accuracy on held-out households: {balanced_accuracy(model(x_va).squeeze(1), y_va):.4f}")


main()
