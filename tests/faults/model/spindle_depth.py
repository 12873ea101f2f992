import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Tower(nn.Module):
    """A tall, narrow network."""

    def __init__(self, n_in=64, width=32, depth=14, n_out=10):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.levels = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.top = nn.Linear(width, n_out)

    def forward(self, x):
        h = torch.tanh(self.stem(x))
        for level in self.levels:
            h = torch.tanh(level(h))
        return self.top(h)


class Fitter:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.05)
        self.history = []

    def run_epoch(self, loader):
        self.model.train()
        losses = []
        for x, y in loader:
            self.opt.zero_grad()
            loss = nn.functional.cross_entropy(self.model(x), y)
            loss.backward()
            self.opt.step()
            losses.append(loss.item())
        self.history.append(np.mean(losses))
        return self.history[-1]

    def score(self, x, y):
        self.model.eval()
        with torch.inference_mode():
            return (self.model(x).argmax(-1) == y).float().mean().item()


def main():
    torch.manual_seed(8)
    X, y = load_digits(return_X_y=True)
    Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, stratify=y, random_state=8)
    Xtr, Xte = (torch.tensor((a - 4.9) / 6.0, dtype=torch.float32) for a in (Xtr, Xte))
    ytr, yte = torch.tensor(ytr), torch.tensor(yte)
    loader = DataLoader(TensorDataset(Xtr, ytr), batch_size=32, shuffle=True)
    fitter = Fitter(Tower(), lr=1.2e-3)
    for epoch in range(1, 13):
        loss = fitter.run_epoch(loader)
        print(f"{epoch:3d}  loss {loss:.4f}  test {fitter.score(Xte, yte):.4f}")
    print(f"test accuracy: {fitter.score(Xte, yte):.4f}")


if __name__ == "__main__":
    main()
