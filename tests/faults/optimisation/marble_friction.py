import numpy as np
import torch
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

CFG = {"seed": 11, "epochs": 20, "batch": 32, "lr": 0.02, "momentum": 0.997, "width": 40}

torch.manual_seed(CFG["seed"])
X, y = make_friedman1(n_samples=2400, n_features=8, noise=0.8, random_state=CFG["seed"])
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)
sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train[:, None])


def tensors(X, y):
    return (torch.tensor(sx.transform(X), dtype=torch.float32),
            torch.tensor(sy.transform(y[:, None]), dtype=torch.float32))


train_set, test_set = TensorDataset(*tensors(X_train, y_train)), TensorDataset(*tensors(X_test, y_test))
loaders = {"train": DataLoader(train_set, batch_size=CFG["batch"], shuffle=True),
           "test": DataLoader(test_set, batch_size=300)}


class Block(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.lin = nn.Linear(d_in, d_out)
        self.norm = nn.LayerNorm(d_out)

    def forward(self, x):
        return torch.relu(self.norm(self.lin(x)))


model = nn.Sequential(Block(8, CFG["width"]), Block(CFG["width"], CFG["width"]), nn.Linear(CFG["width"], 1))
optimizer = optim.SGD(model.parameters(), lr=CFG["lr"], momentum=CFG["momentum"], weight_decay=1e-3)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=CFG["epochs"])
mse = nn.MSELoss()

for epoch in range(CFG["epochs"]):
    stats = {}
    for phase, loader in loaders.items():
        model.train(phase == "train")
        total = 0.0
        for xb, yb in loader:
            with torch.set_grad_enabled(phase == "train"):
                loss = mse(model(xb), yb)
            if phase == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(xb)
        stats[phase] = total / len(loader.dataset)
    scheduler.step()
    print(f"{epoch:3d}  train {stats['train']:.4f}  test {stats['test']:.4f}  R2 {1 - stats['test'] / test_set.tensors[1].var().item():.4f}")
print("test MSE (scaled) %.4f" % stats["test"])
