"""Switchgear monitoring: normal load, switching transient, or arcing?"""
import numpy as np
import torch
from sklearn.metrics import confusion_matrix, recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CLASSES = ["normal", "transient", "arcing"]
SEED = 17


def measurements(n=9000):
    rng = np.random.default_rng(SEED)
    y = rng.choice(3, size=n, p=[0.62, 0.36, 0.02])
    mix = rng.normal(size=(9, 9)) / 3
    centres = np.zeros((3, 9))
    centres[1, :4] = [2.2, -2.0, 1.6, 1.0]
    centres[2, 3:] = [0.3, 0.8, -0.8, 0.6, 0.9, 0.4]
    latent = centres[y] + rng.normal(size=(n, 9))
    return latent + np.tanh(latent @ mix), y


def build_model(n_in, n_out, width=32):
    return nn.Sequential(
        nn.Linear(n_in, width), nn.ReLU(),
        nn.Linear(width, n_out),
    )


def main():
    torch.manual_seed(SEED)
    X, y = measurements()
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, stratify=y, random_state=SEED)
    scaler = StandardScaler().fit(X_tr)
    X_tr, X_te = (torch.tensor(scaler.transform(a), dtype=torch.float32) for a in (X_tr, X_te))
    y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)
    loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=64, shuffle=True)

    model = build_model(X.shape[1], len(CLASSES))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)

    for epoch in range(1, 13):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            pred = model(X_te).argmax(1)
            tl, vl = criterion(model(X_tr), y_tr).item(), criterion(model(X_te), y_te).item()
        acc = (pred == y_te).float().mean().item()
        print(f"epoch {epoch:2d} train {tl:.4f} test {vl:.4f} acc {acc:.3f}")
    print(confusion_matrix(y_te, pred))
    print(f"macro recall {recall_score(y_te, pred, average='macro'):.4f}")


if __name__ == "__main__":
    main()
