import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_blobs


class AverageMeter:
    def __init__(self):
        self.sum, self.count = 0.0, 0

    def update(self, value, n=1):
        self.sum += value * n
        self.count += n

    @property
    def avg(self):
        return self.sum / max(1, self.count)


class Trainer:
    def __init__(self, model, lr=0.08, epochs=12):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, [7, 10], gamma=0.2)
        self.train_criterion = nn.CrossEntropyLoss()
        self.eval_criterion = nn.CrossEntropyLoss(reduction="sum")

    def train_epoch(self, loader):
        meter = AverageMeter()
        self.model.train()
        for x, y in loader:
            loss = self.train_criterion(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            meter.update(loss.item(), x.size(0))
        self.scheduler.step()
        return meter.avg

    @torch.no_grad()
    def validate(self, loader):
        meter, acc = AverageMeter(), AverageMeter()
        self.model.eval()
        for x, y in loader:
            out = self.model(x)
            meter.update(self.eval_criterion(out, y).item(), 1)
            acc.update((out.argmax(1) == y).float().mean().item(), x.size(0))
        return meter.avg, acc.avg

    def fit(self, train_loader, val_loader):
        for epoch in range(1, self.epochs + 1):
            tl = self.train_epoch(train_loader)
            vl, va = self.validate(val_loader)
            print(f"[{epoch:02d}/{self.epochs}] train_loss={tl:.4f} val_loss={vl:.4f} val_acc={va:.4f}")
        return vl


torch.manual_seed(15)
X, y = make_blobs(n_samples=2400, n_features=3, centers=6, cluster_std=1.9, random_state=15)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y)
X = (X - X[:1800].mean(0)) / X[:1800].std(0)
train_loader = DataLoader(TensorDataset(X[:1800], y[:1800]), batch_size=40, shuffle=True)
val_loader = DataLoader(TensorDataset(X[1800:], y[1800:]), batch_size=50)
net = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 6))
final = Trainer(net).fit(train_loader, val_loader)
print(f"validation loss: {final:.4f}")
