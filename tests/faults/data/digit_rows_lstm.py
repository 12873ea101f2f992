import argparse

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class RowLSTM(nn.Module):
    """Reads an image row by row."""

    def __init__(self, n_pixels, hidden, n_classes):
        super().__init__()
        self.rnn = nn.LSTM(n_pixels, hidden)
        self.head = nn.Linear(hidden, n_classes)

    def forward(self, rows):
        states, _ = self.rnn(rows)
        return self.head(states[:, -1, :])


def accuracy(model, loader):
    model.eval()
    good = 0
    with torch.no_grad():
        for rows, label in loader:
            good += (model(rows).argmax(dim=1) == label).sum().item()
    return good / len(loader.dataset)


def main(args):
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.images / 8.0 - 0.6, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    x_tr, x_te, y_tr, y_te = train_test_split(images, labels, test_size=0.25, random_state=2)
    train_loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=args.batch, shuffle=True)
    test_loader = DataLoader(TensorDataset(x_te, y_te), batch_size=args.batch)

    model = RowLSTM(8, args.hidden, 10)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        for rows, label in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(rows), label)
            loss.backward()
            optimizer.step()
        print("epoch", epoch + 1, "loss %.3f" % loss.item(), "test accuracy %.3f" % accuracy(model, test_loader))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=48)
    parser.add_argument("--lr", type=float, default=5e-3)
    main(parser.parse_args())
