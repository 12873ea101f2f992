"""Flag defective parts from ten measurements."""
from dataclasses import dataclass, field

import torch
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    seed: int = 2
    epochs: int = 16
    batch_size: int = 128
    lr: float = 3e-3
    hidden: list = field(default_factory=lambda: [24, 12])


def get_data(s):
    X, y = make_classification(n_samples=8000, n_features=10, n_informative=6, n_redundant=2, n_clusters_per_class=2,
                               weights=[0.96], class_sep=0.8, flip_y=0.0, random_state=s.seed)
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, stratify=y, random_state=s.seed)
    scaler = StandardScaler()
    X_tr, X_te = scaler.fit_transform(X_tr), scaler.transform(X_te)
    t = lambda a: torch.tensor(a, dtype=torch.float32)
    return t(X_tr), t(y_tr), t(X_te), t(y_te)


class Detector(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        dims = [n_in] + hidden
        self.blocks = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))
        self.out = nn.Linear(dims[-1], 1)

    def forward(self, x):
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.out(x).squeeze(1)


def main():
    s = Settings()
    torch.manual_seed(s.seed)
    X_tr, y_tr, X_te, y_te = get_data(s)
    print(f"{int(y_tr.sum())} defective of {len(y_tr)} training parts")
    loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=s.batch_size, shuffle=True)
    model = Detector(10, s.hidden)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=s.lr, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.epochs)
    for epoch in range(s.epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            out = model(X_te)
            pred = (torch.sigmoid(out) > 0.5).float()
        print(f"epoch {epoch:2d} loss {total / len(X_tr):.4f} test loss {criterion(out, y_te):.4f} "
              f"accuracy {(pred == y_te).float().mean():.4f} recall {recall_score(y_te, pred):.3f} "
              f"balanced accuracy {balanced_accuracy_score(y_te, pred):.3f}")


main()
