import math
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def build(width=128, prior=0.15):
    net = nn.Sequential(
        nn.Linear(64, width), nn.ReLU(),
        nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, 10),
    )
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.constant_(layer.bias, -math.log((1 - prior) / prior))
    return net


def get_loaders(batch_size):
    images, labels = load_digits(return_X_y=True)
    xtr, xte, ytr, yte = train_test_split(images, labels, test_size=0.3, stratify=labels, random_state=6)
    xtr, xte = (xtr - 4.88) / 6.02, (xte - 4.88) / 6.02
    onehot = np.eye(10, dtype=np.float32)
    train = TensorDataset(torch.tensor(xtr, dtype=torch.float32), torch.from_numpy(onehot[ytr]))
    test = TensorDataset(torch.tensor(xte, dtype=torch.float32), torch.from_numpy(onehot[yte]))
    return DataLoader(train, batch_size, shuffle=True), DataLoader(test, 540)


def fit(net, train, test, epochs):
    loss_fn = nn.BCEWithLogitsLoss()
    optim = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    for epoch in range(epochs):
        net.train()
        running = 0.0
        for x, y in train:
            loss = loss_fn(net(x), y)
            optim.zero_grad()
            loss.backward()
            optim.step()
            running += loss.item()
        net.eval()
        with torch.no_grad():
            x, y = next(iter(test))
            z = net(x)
            acc = (z.argmax(1) == y.argmax(1)).float().mean().item()
        print(f"epoch {epoch + 1} loss {running / len(train):.4f} test loss {loss_fn(z, y).item():.4f} acc {acc:.4f}")
    return acc


if __name__ == "__main__":
    torch.manual_seed(19)
    train, test = get_loaders(32)
    acc = fit(build(), train, test, epochs=11)
    print(f"test acc: {acc:.4f}")
