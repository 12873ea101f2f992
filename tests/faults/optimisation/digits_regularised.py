from dataclasses import dataclass

import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


@dataclass
class HParams:
    hidden: int = 48
    lr: float = 2e-3
    weight_decay: float = 0.05
    batch_size: int = 64
    epochs: int = 35
    seed: int = 23


class MLP(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, x):
        return self.net(x)


def load(hp):
    X, y = load_digits(return_X_y=True)
    X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.25, random_state=hp.seed, stratify=y)
    sc = StandardScaler().fit(X_tr)
    f = lambda a: torch.tensor(sc.transform(a), dtype=torch.float32)
    return f(X_tr), torch.tensor(y_tr), f(X_va), torch.tensor(y_va)


def fit(hp):
    torch.manual_seed(hp.seed)
    X_tr, y_tr, X_va, y_va = load(hp)
    model = MLP(hp.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=hp.lr, weight_decay=hp.weight_decay)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, hp.epochs + 1):
        model.train()
        order = torch.randperm(len(X_tr))
        for i in range(0, len(order), hp.batch_size):
            rows = order[i:i + hp.batch_size]
            optimizer.zero_grad()
            loss = criterion(model(X_tr[rows]), y_tr[rows])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            out_tr, out_va = model(X_tr), model(X_va)
        print(f"{epoch:02d} train {criterion(out_tr, y_tr).item():.3f} val {criterion(out_va, y_va).item():.4f} "
              f"acc {(out_va.argmax(1) == y_va).float().mean().item():.4f}")
    return criterion(out_va, y_va).item()


if __name__ == "__main__":
    print(f"final val loss: {fit(HParams()):.4f}")
