import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler


def split(rare=(3, 8), keep=10):
    """Training set with few images of the rare digits; the test set holds all digits alike."""
    data = load_digits()
    x = torch.tensor(data.data / 16 - 0.3, dtype=torch.float32)
    y = torch.tensor(data.target)
    order = torch.randperm(len(y))
    test, rest = order[:500], order[500:]
    chosen = []
    for digit in range(10):
        rows = rest[y[rest] == digit]
        chosen.append(rows[:keep] if digit in rare else rows)
    train = torch.cat(chosen)
    return x[train], y[train], x[test], y[test]


class Experiment:
    def __init__(self, lr=0.02, epochs=12):
        x, y, self.x_test, self.y_test = split()
        share = torch.bincount(y).float() / len(y)
        self.sampler = WeightedRandomSampler(1 / share[y], len(y))
        self.loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
        self.model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr, momentum=0.8, weight_decay=1e-3)
        self.epochs = epochs

    def train(self):
        for epoch in range(self.epochs):
            self.model.train()
            for x, y in self.loader:
                loss = nn.functional.cross_entropy(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            print(f"epoch {epoch:2d}  last loss {loss.item():.3f}  macro recall {self.recall():.3f}")

    @torch.no_grad()
    def recall(self):
        self.model.eval()
        return recall_score(self.y_test, self.model(self.x_test).argmax(1), average="macro")


torch.manual_seed(0)
np.random.seed(0)
Experiment().train()
