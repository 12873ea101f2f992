import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


def gasket_table(n=6000, seed=8):
    """Vision-rig readings of rubber gaskets: 0 = good, 1 = flash, 2 = torn lip."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=[0.72, 0.25, 0.03])
    X = rng.normal(size=(n, 9))
    X[y == 1, :3] += [1.6, 1.2, -1.4]
    X[y == 2, 3:7] += [1.0, -0.9, 0.9, 0.6]
    return X.astype(np.float32), y


class Inspector(nn.Module):
    def __init__(self, n_features, n_classes=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_features, 8), nn.Tanh())
        self.head = nn.Linear(8, n_classes)

    def forward(self, x):
        return self.head(self.body(x))


class Trainer:
    def __init__(self, model, train_loader, val_data, lr=0.03):
        self.model, self.train_loader = model, train_loader
        self.X_val, self.y_val = val_data
        counts = torch.bincount(train_loader.dataset.tensors[1]).float()
        print("class counts:", counts.int().tolist())
        self.criterion = nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.8, weight_decay=1e-3)

    def epoch(self):
        self.model.train()
        seen = loss_sum = 0
        for x, y in self.train_loader:
            loss = self.criterion(self.model(x), y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            loss_sum += loss.item() * len(y)
            seen += len(y)
        return loss_sum / seen

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        out = self.model(self.X_val)
        guess = out.argmax(1)
        return (self.criterion(out, self.y_val).item(), (guess == self.y_val).float().mean().item(),
                balanced_accuracy_score(self.y_val.numpy(), guess.numpy()))

    def fit(self, epochs):
        for e in range(epochs):
            tr = self.epoch()
            val, acc, bal = self.validate()
            print(f"epoch {e:02d}  train {tr:.4f}  val {val:.4f}  acc {acc:.4f}  balanced {bal:.4f}")
        return bal


if __name__ == "__main__":
    torch.manual_seed(0)
    X, y = gasket_table()
    X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.3, stratify=y, random_state=1)
    mean, std = X_tr.mean(0), X_tr.std(0)
    X_tr, X_va = (X_tr - mean) / std, (X_va - mean) / std
    loader = DataLoader(TensorDataset(torch.tensor(X_tr), torch.tensor(y_tr)), batch_size=100, shuffle=True)
    trainer = Trainer(Inspector(9), loader, (torch.tensor(X_va), torch.tensor(y_va)))
    score = trainer.fit(14)
    print(f"balanced accuracy: {score:.4f}")
