import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset, random_split


class Trainer:
    def __init__(self, model, train_set, test_set, epochs=15, batch_size=56, lr=0.1):
        self.model = model
        self.epochs = epochs
        self.train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True)
        self.test_loader = DataLoader(test_set, batch_size=128)
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.2)
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=epochs)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        self.model.eval()
        hits = n = 0
        with torch.no_grad():
            for x, y in self.test_loader:
                hits += (self.model(x).argmax(1) == y).sum().item()
                n += len(y)
        return hits / n

    def run(self):
        for epoch in range(self.epochs):
            self.model.train()
            losses = [self.step(x, y) for x, y in self.train_loader]
            lr = self.scheduler.get_last_lr()[0]
            self.scheduler.step()
            print(f"{epoch:02d}: lr={lr:.4f} loss={sum(losses) / len(losses):.4f} accuracy={self.evaluate():.4f}")


torch.manual_seed(0)
d = load_digits()
ds = TensorDataset(torch.tensor(d.data, dtype=torch.float32) / 16 - 0.3, torch.tensor(d.target))
train_set, test_set = random_split(ds, [1400, 397])
Trainer(nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10)), train_set, test_set).run()
