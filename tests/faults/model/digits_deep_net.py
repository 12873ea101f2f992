import numpy as np
import torch
from sklearn import datasets
from sklearn.model_selection import train_test_split
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
np.random.seed(0)

device = "cuda" if torch.cuda.is_available() else "cpu"


def get_loaders(batch_size=64):
    X, y = datasets.load_digits(return_X_y=True)
    X = (X / 16.0).astype(np.float32)
    Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
    tr = TensorDataset(torch.tensor(Xtr), torch.tensor(ytr))
    te = TensorDataset(torch.tensor(Xte), torch.tensor(yte))
    return DataLoader(tr, batch_size=batch_size, shuffle=True), DataLoader(te, batch_size=256)


def make_model(depth=5, width=64):
    layers = []
    n_in = 64
    for _ in range(depth):
        layers += [nn.Linear(n_in, width), nn.Sigmoid()]
        n_in = width
    layers.append(nn.Linear(width, 10))
    return nn.Sequential(*layers)


def accuracy(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for X, y in loader:
            X, y = X.to(device), y.to(device)
            correct += (model(X).argmax(dim=1) == y).sum().item()
            total += y.size(0)
    return 100.0 * correct / total


def main():
    train_loader, test_loader = get_loaders()
    model = make_model().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(24):
        model.train()
        running = 0.0
        for X, y in train_loader:
            X, y = X.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(X), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1}: train loss {running / len(train_loader):.3f}")
    print(f"Accuracy on the test set: {accuracy(model, test_loader):.2f} %")


main()
