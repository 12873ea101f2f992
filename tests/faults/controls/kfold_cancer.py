import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


def make_model(n_in):
    return nn.Sequential(nn.Linear(n_in, 8), nn.LayerNorm(8), nn.SiLU(), nn.Linear(8, 1))


def train_fold(fold, X_tr, y_tr, X_va, y_va, epochs=12):
    model = make_model(X_tr.shape[1])
    opt = torch.optim.AdamW(model.parameters(), lr=6e-3, weight_decay=0.1)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    bce = nn.BCEWithLogitsLoss()
    dl = DataLoader(TensorDataset(X_tr, y_tr), batch_size=32, shuffle=True)
    for epoch in range(epochs):
        model.train()
        for xb, yb in dl:
            loss = bce(model(xb).squeeze(1), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        model.eval()
        with torch.no_grad():
            z = model(X_va).squeeze(1)
            val = bce(z, y_va).item()
            acc = ((z > 0).float() == y_va).float().mean().item()
        if epoch % 3 == 0 or epoch == epochs - 1:
            print(f"fold {fold} epoch {epoch + 1}: train {loss.item():.4f} val {val:.4f} acc {acc:.4f}")
    return acc


def main():
    torch.manual_seed(58)
    X, y = load_breast_cancer(return_X_y=True)
    accs = []
    for fold, (tr, va) in enumerate(StratifiedKFold(5, shuffle=True, random_state=58).split(X, y), 1):
        sc = StandardScaler().fit(X[tr])
        as_t = lambda a: torch.tensor(a, dtype=torch.float32)
        accs.append(train_fold(fold, as_t(sc.transform(X[tr])), as_t(y[tr]), as_t(sc.transform(X[va])), as_t(y[va])))
    print(f"cross-validated accuracy: {np.mean(accs):.4f} +/- {np.std(accs):.4f}")


if __name__ == "__main__":
    main()
