import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.lin = nn.Linear(d, d)
        self.bn = nn.BatchNorm1d(d)

    def forward(self, x):
        return torch.relu(self.bn(self.lin(x)))


class DeepBN(nn.Module):
    def __init__(self, d_in, d=32, n_blocks=8, n_classes=3):
        super().__init__()
        self.stem = nn.Linear(d_in, d)
        self.blocks = nn.Sequential(*[Block(d) for _ in range(n_blocks)])
        self.head = nn.Linear(d, n_classes)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)))


def evaluate(model, loader, criterion):
    model.eval()
    total, right, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            total += criterion(out, y).item() * len(y)
            right += (out.argmax(1) == y).sum().item()
            n += len(y)
    return total / n, right / n


def fit(model, train_loader, val_loader, epochs=10, lr=1e-3):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr * 4, total_steps=epochs * len(train_loader))
    model.train()
    loss0, acc0 = evaluate(model, val_loader, criterion)
    print(f"before training: val loss {loss0:.4f} val acc {acc0:.4f}")
    for epoch in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
        val_loss, val_acc = evaluate(model, val_loader, criterion)
        print(f"epoch {epoch + 1}: last train loss {loss.item():.4f} val loss {val_loss:.4f} val acc {val_acc:.4f}")
    return val_loss


X, y = make_classification(3000, 12, n_informative=10, n_redundant=0, n_classes=3,
                           n_clusters_per_class=2, class_sep=1.5, flip_y=0, random_state=9)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X[:2400].mean(0)) / X[:2400].std(0)
y = torch.tensor(y)
train_loader = DataLoader(TensorDataset(X[:2400], y[:2400]), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(X[2400:], y[2400:]), batch_size=600)
result = fit(DeepBN(12), train_loader, val_loader)
print(f"val loss at the end: {result:.4f}")
