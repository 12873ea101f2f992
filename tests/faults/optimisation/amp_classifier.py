import torch
from torch import nn
from sklearn.datasets import make_blobs
from torch.utils.data import DataLoader, TensorDataset

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPE = torch.float16 if DEVICE == "cuda" else torch.bfloat16


def get_data():
    X, y = make_blobs(n_samples=3000, n_features=10, centers=24, cluster_std=2.2, random_state=9)
    X = torch.tensor(X, dtype=torch.float32)
    X = (X - X.mean(0)) / X.std(0)
    y = torch.tensor(y % 6)
    return TensorDataset(X[:2400], y[:2400]), TensorDataset(X[2400:], y[2400:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.out = nn.Linear(64, 6)

    def forward(self, x):
        return self.out(self.body(x))


def train_epoch(model, loader, optimizer, scaler, loss_fn, clip=2.0):
    model.train()
    total = 0.0
    for x, y in loader:
        x, y = x.to(DEVICE), y.to(DEVICE)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE, dtype=DTYPE):
            loss = loss_fn(model(x), y)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        scaler.step(optimizer)
        scaler.update()
        total += loss.item()
    return total / len(loader)


def main():
    torch.manual_seed(9)
    train_set, val_set = get_data()
    train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=300)
    model = Net().to(DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scaler = torch.amp.GradScaler(DEVICE, init_scale=2.0 ** 10)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(12):
        loss = train_epoch(model, train_loader, optimizer, scaler, loss_fn)
        model.eval()
        correct = 0
        with torch.no_grad():
            for x, y in val_loader:
                correct += (model(x.to(DEVICE)).argmax(1).cpu() == y).sum().item()
        print(f"epoch {epoch + 1} train loss {loss:.4f} val acc {correct / len(val_set):.4f} scale {scaler.get_scale():.0f}")


main()
