"""Sensor panel on a cider press -> one of four pressing states."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def panel(n=5000, seed=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10)).astype("float32")
    a = X[:, 0] + 0.8 * X[:, 1] ** 2 - 0.8
    b = X[:, 2] - 0.9 * X[:, 3] + 0.7 * np.tanh(2 * X[:, 4])
    y = 2 * (a > 0) + (b > 0)
    return torch.from_numpy(X), torch.from_numpy(y.astype("int64"))


class PressNet(nn.Module):
    def __init__(self, n_features=10, n_states=4, width=24, depth=6, activation=nn.Sigmoid):
        super().__init__()
        blocks = [nn.Linear(n_features, width), activation()]
        for _ in range(depth - 1):
            blocks += [nn.Linear(width, width), activation()]
        self.trunk = nn.Sequential(*blocks)
        self.out = nn.Linear(width, n_states)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.out(self.trunk(x))


def loop(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, right, n = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(y)
            right += int((out.argmax(1) == y).sum())
            n += len(y)
    return loss_sum / n, right / n


def main():
    torch.manual_seed(13)
    X, y = panel()
    train_set, val_set = random_split(TensorDataset(X, y), [4000, 1000])
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=500)
    model = PressNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    for epoch in range(10):
        tr_loss, tr_acc = loop(model, train_loader, criterion, optimizer)
        va_loss, va_acc = loop(model, val_loader, criterion)
        print(f"Epoch {epoch + 1:02d} | train {tr_loss:.4f} ({tr_acc:.3f}) | val {va_loss:.4f} ({va_acc:.3f})")
    print(f"val accuracy: {va_acc:.4f}")


if __name__ == "__main__":
    main()
