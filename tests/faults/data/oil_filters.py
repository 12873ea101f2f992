"""Used oil filters come in from lorries; tell clean, worn and cracked ones from a spectrometer's eight channels."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from torch.utils.data import DataLoader, TensorDataset

STATES = ("clean", "worn", "cracked")


def filters(n, rng):
    y = rng.choice(3, n, p=[0.665, 0.32, 0.015])
    x = rng.normal(size=(n, 8))
    x[y == 1, :3] += 1.8                     # iron, copper, lead of a worn engine
    x[y == 2, 3:6] += 0.95                   # coolant traces
    x[:, 6] += 0.5 * x[:, 0] * x[:, 1]
    x[:, 7] += 0.3 * x[:, 3] ** 2
    return x.astype(np.float32), y


class FilterNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 24)
        self.fc2 = nn.Linear(24, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


class Experiment:
    def __init__(self, seed=8):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        x, y = filters(10500, rng)
        self.mean, self.std = x[:6500].mean(0), x[:6500].std(0)
        x = (x - self.mean) / self.std
        self.train = TensorDataset(torch.tensor(x[:6500]), torch.tensor(y[:6500]))
        self.test = torch.tensor(x[6500:]), torch.tensor(y[6500:])
        self.net = FilterNet()
        counts = torch.bincount(self.train.tensors[1], minlength=3).float()
        print("filters in training:", dict(zip(STATES, counts.int().tolist())))
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=3e-3, weight_decay=1e-4)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 3, 0.4)

    def fit(self, epochs):
        loader = DataLoader(self.train, batch_size=100, shuffle=True)
        for epoch in range(epochs):
            self.net.train()
            total = 0.0
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = self.criterion(self.net(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            self.schedule.step()
            print(f"epoch {epoch + 1}: loss {total / len(loader):.4f}, accuracy {self.report()[0]:.4f}")

    @torch.no_grad()
    def report(self):
        self.net.eval()
        x, y = self.test
        p = self.net(x).argmax(1)
        return (p == y).float().mean().item(), balanced_accuracy_score(y, p), confusion_matrix(y, p)


run = Experiment()
run.fit(9)
accuracy, balanced, table = run.report()
print(table)
print(f"balanced accuracy: {balanced:.4f}")
