from dataclasses import dataclass
import copy
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import RepeatedKFold
from sklearn.preprocessing import StandardScaler


@dataclass
class Config:
    hidden: int = 16
    lr: float = 2e-3
    weight_decay: float = 0.03
    batch: int = 32
    max_epochs: int = 80
    patience: int = 15
    seed: int = 4


def build(cfg):
    return nn.Sequential(nn.Linear(10, cfg.hidden), nn.Tanh(), nn.Dropout(0.1), nn.Linear(cfg.hidden, 1))


def fit(cfg, xtr, ytr, xva, yva):
    net = build(cfg)
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
    best, state, wait = float("inf"), None, 0
    for epoch in range(cfg.max_epochs):
        net.train()
        losses = []
        for idx in torch.randperm(len(xtr)).split(cfg.batch):
            loss = nn.functional.mse_loss(net(xtr[idx]).squeeze(1), ytr[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        net.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(net(xva).squeeze(1), yva).item()
        if val < best - 1e-4:
            best, wait = val, 0
            state = copy.deepcopy(net.state_dict())
        else:
            wait += 1
        if epoch % 10 == 0:
            print(f"   epoch {epoch:3d} train {np.mean(losses):.3f} val {val:.3f}")
        if wait >= cfg.patience:
            print(f"   stopped at epoch {epoch}, best val {best:.3f}")
            break
    net.load_state_dict(state)
    net.eval()
    return net


def run(cfg=Config()):
    torch.manual_seed(cfg.seed)
    X, y = load_diabetes(return_X_y=True)
    preds, truth = [], []
    for k, (tr, te) in enumerate(RepeatedKFold(n_splits=5, n_repeats=1, random_state=cfg.seed).split(X)):
        rng = np.random.default_rng(k)
        tr = rng.permutation(tr)
        va, tr = tr[:60], tr[60:]
        sx = StandardScaler().fit(X[tr])
        m, s = y[tr].mean(), y[tr].std()
        t = lambda a: torch.tensor(a, dtype=torch.float32)
        net = fit(cfg, t(sx.transform(X[tr])), t((y[tr] - m) / s), t(sx.transform(X[va])), t((y[va] - m) / s))
        with torch.no_grad():
            p = net(t(sx.transform(X[te]))).squeeze(1).numpy() * s + m
        r2 = 1 - ((p - y[te]) ** 2).sum() / ((y[te] - y[te].mean()) ** 2).sum()
        print(f"fold {k}: R2 on the held-out fifth {r2:.3f}")
        preds.append(p)
        truth.append(y[te])
    p, t = np.concatenate(preds), np.concatenate(truth)
    print(f"out-of-fold R2 {1 - ((p - t) ** 2).sum() / ((t - t.mean()) ** 2).sum():.4f}, RMSE {np.sqrt(((p - t) ** 2).mean()):.2f}")


run()
