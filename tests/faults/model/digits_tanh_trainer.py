import argparse

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class TanhNet(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.fc1 = nn.Linear(64, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 10)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


class Trainer:
    def __init__(self, model, train_dl, val_dl, lr):
        self.model, self.train_dl, self.val_dl = model, train_dl, val_dl
        self.loss_fn = nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def train_epoch(self):
        self.model.train()
        for x, y in self.train_dl:
            self.opt.zero_grad()
            self.loss_fn(self.model(x), y).backward()
            self.opt.step()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        hits = sum((self.model(x).argmax(-1) == y).sum().item() for x, y in self.val_dl)
        return hits / len(self.val_dl.dataset)

    def fit(self, epochs):
        for e in range(epochs):
            self.train_epoch()
            print(f"[{e + 1}/{epochs}] val_acc={self.evaluate():.4f}")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=15)
    ap.add_argument("--lr", type=float, default=0.01)
    args = ap.parse_args()
    torch.manual_seed(0)
    data, target = load_digits(return_X_y=True)
    x = torch.tensor(data, dtype=torch.float32)
    x = (x - x.mean()) / x.std()
    ds = TensorDataset(x, torch.tensor(target))
    train_ds, val_ds = random_split(ds, [1437, 360])
    trainer = Trainer(TanhNet(), DataLoader(train_ds, 32, shuffle=True), DataLoader(val_ds, 360), args.lr)
    trainer.fit(args.epochs)
