"""Responder / non-responder from a small gene panel."""
import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def get_data(seed=9):
    rng = np.random.default_rng(seed)
    pathway = rng.normal(size=(900, 6))
    X = 0.8 * pathway @ rng.normal(size=(6, 50)) / 2.4 + rng.normal(size=(900, 50))
    score = pathway[:, 0] - pathway[:, 1] + 0.8 * pathway[:, 2] + 0.5 * rng.normal(size=900)
    y = (score > 0).astype(int)
    X_train, X_val, y_train, y_val = train_test_split(X, y, train_size=240, stratify=y, random_state=seed)
    sc = StandardScaler().fit(X_train)
    as_tensor = lambda a: torch.tensor(a, dtype=torch.float32)
    return (as_tensor(sc.transform(X_train)), as_tensor(y_train)), (as_tensor(sc.transform(X_val)), as_tensor(y_val))


class PanelNet(nn.Module):
    def __init__(self, n_genes, hidden=16):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_genes, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.net(x).squeeze(1)


def fit(model, train, val, epochs=40, lr=3e-3, weight_decay=0.0):
    loader = DataLoader(TensorDataset(*train), batch_size=16, shuffle=True)
    opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(1, epochs + 1):
        model.train()
        epoch_loss = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()
            opt.step()
            epoch_loss += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            logits = model(val[0])
            val_loss = bce(logits, val[1]).item()
            val_acc = ((logits > 0) == (val[1] > 0.5)).float().mean().item()
        print(f"epoch {epoch:3d}: train loss {epoch_loss / len(train[0]):.4f}, val loss {val_loss:.4f}, val acc {val_acc:.4f}")
    return val_loss, val_acc


if __name__ == "__main__":
    torch.manual_seed(9)
    train, val = get_data()
    model = PanelNet(train[0].shape[1])
    val_loss, val_acc = fit(model, train, val)
    print(f"final: val accuracy {val_acc:.4f}, log loss {val_loss:.4f}")
