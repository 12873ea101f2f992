import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def make_loaders(n=1500, batch_size=32):
    points, side = make_moons(n_samples=n, noise=0.12, random_state=0)
    points = (points - points.mean(0)) / points.std(0)
    points, side = points.astype(np.float32), side.astype(np.int64)
    cut = int(0.8 * n)
    train = TensorDataset(torch.from_numpy(points[:cut]), torch.from_numpy(side[:cut]))
    held_out = TensorDataset(torch.from_numpy(points[cut:]), torch.from_numpy(side[cut:]))
    return DataLoader(train, batch_size=batch_size, shuffle=True), DataLoader(held_out, batch_size=100)


class Boundary(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, x):
        return nn.functional.log_softmax(self.layers(x), dim=1)


def accuracy(model, loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += int((model(x).max(1)[1] == y).sum())
    return right / len(loader.dataset)


def main():
    torch.manual_seed(0)
    train_loader, test_loader = make_loaders()
    model = Boundary()
    criterion = nn.NLLLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.005)
    for epoch in range(12):
        model.train()
        seen, total_loss = 0, 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            total_loss += loss.item() * len(y)
            seen += len(y)
            optimizer.step()
        print("Epoch: {:2d}  Loss: {:.4f}  Accuracy: {:.1%}".format(epoch + 1, total_loss / seen, accuracy(model, train_loader)))
    print("held-out accuracy {:.3f}".format(accuracy(model, test_loader)))


if __name__ == "__main__":
    main()
