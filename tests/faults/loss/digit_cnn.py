"""Small conv net on the 8x8 digits, trained with SGD."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=15)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=0.06)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
torch.manual_seed(args.seed)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc1 = nn.Linear(24 * 2 * 2, 48)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        x = self.fc2(x)
        return F.softmax(x, dim=1)


def load():
    images, labels = load_digits(return_X_y=True)
    images = (images.reshape(-1, 1, 8, 8) / 16.0 - 0.305) / 0.376
    Xtr, Xte, ytr, yte = train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=0)
    to_ds = lambda X, y: TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
    return (DataLoader(to_ds(Xtr, ytr), batch_size=args.batch_size, shuffle=True),
            DataLoader(to_ds(Xte, yte), batch_size=256))


def train(model, loader, optimizer, criterion, epoch):
    model.train()
    running = 0.0
    for data, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(data)
    print(f"epoch {epoch:2d}  train loss {running / len(loader.dataset):.4f}", end="  ")


@torch.no_grad()
def test(model, loader):
    model.eval()
    correct = sum((model(d).argmax(1) == t).sum().item() for d, t in loader)
    acc = 100.0 * correct / len(loader.dataset)
    print(f"test accuracy {acc:.2f}%")


if __name__ == "__main__":
    train_loader, test_loader = load()
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, args.epochs + 1):
        train(model, train_loader, optimizer, criterion, epoch)
        scheduler.step()
        test(model, test_loader)
