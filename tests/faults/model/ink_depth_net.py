"""Deep fully connected net for scanned digits."""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    depth: int = 5
    width: int = 64
    act: str = "sigmoid"
    lr: float = 3e-3
    batch: int = 32
    max_epochs: int = 20
    patience: int = 6


ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


class DeepMLP(nn.Module):
    def __init__(self, n_in, n_out, s):
        super().__init__()
        sizes = [n_in] + [s.width] * s.depth
        layers = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            layers += [nn.Linear(a, b), ACTIVATIONS[s.act]()]
        self.trunk = nn.Sequential(*layers)
        self.classify = nn.Linear(s.width, n_out)

    def forward(self, x):
        return self.classify(self.trunk(x))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
    return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def fit(s):
    data, target = load_digits(return_X_y=True)
    x_tr, x_te, y_tr, y_te = train_test_split(data, target, test_size=0.3, stratify=target, random_state=3)
    x_tr, x_va, y_tr, y_va = train_test_split(x_tr, y_tr, test_size=0.15, stratify=y_tr, random_state=3)
    mean, std = x_tr.mean(), x_tr.std()
    to = lambda a: torch.tensor((a - mean) / std, dtype=torch.float32)
    x_va, y_va, x_te, y_te = to(x_va), torch.tensor(y_va), to(x_te), torch.tensor(y_te)
    loader = DataLoader(TensorDataset(to(x_tr), torch.tensor(y_tr)), batch_size=s.batch, shuffle=True)
    model = DeepMLP(64, 10, s)
    optimizer = torch.optim.AdamW(model.parameters(), lr=s.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.max_epochs)
    best, best_state, wait = float("inf"), None, 0
    for epoch in range(1, s.max_epochs + 1):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(xb), yb).backward()
            optimizer.step()
        scheduler.step()
        loss, acc = evaluate(model, x_va, y_va)
        print(f"epoch {epoch:2d} val loss {loss:.4f} val acc {acc:.4f}")
        if loss < best:
            best, wait = loss, 0
            best_state = {k: v.clone() for k, v in model.state_dict().items()}
        else:
            wait += 1
            if wait >= s.patience:
                break
    model.load_state_dict(best_state)
    return evaluate(model, x_te, y_te)


if __name__ == "__main__":
    torch.manual_seed(7)
    loss, acc = fit(Settings())
    print(f"test loss {loss:.4f} test accuracy {acc:.4f}")
