import argparse
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from torch.utils.data import DataLoader, Dataset, Subset


class WineDataset(Dataset):
    classes = ("barolo", "grignolino", "barbera")

    def __init__(self):
        raw = load_wine()
        self.features = torch.tensor(raw.data, dtype=torch.float32)
        self.targets = torch.tensor(raw.target)

    def __getitem__(self, i):
        return self.features[i], self.targets[i]

    def __len__(self):
        return len(self.targets)


class CultivarNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layer1 = nn.Linear(13, hidden)
        self.layer2 = nn.Linear(hidden, hidden)
        self.layer3 = nn.Linear(hidden, 3)

    def forward(self, x):
        x = torch.relu(self.layer1(x))
        x = torch.relu(self.layer2(x))
        return self.layer3(x)


def evaluate(model, loader, loss_fn):
    model.eval()
    loss, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += loss_fn(out, y).item() * len(y)
            correct += (out.argmax(dim=1) == y).sum().item()
            count += len(y)
    return loss / count, correct / count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--lr", type=float, default=0.005)
    cfg = parser.parse_args()
    torch.manual_seed(123)
    ds = WineDataset()
    order = torch.randperm(len(ds)).tolist()
    train_loader = DataLoader(Subset(ds, order[:124]), batch_size=8, shuffle=True)
    test_loader = DataLoader(Subset(ds, order[124:]), batch_size=54)
    model, loss_fn = CultivarNet(cfg.hidden), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
        schedule.step()
        tr, te = evaluate(model, train_loader, loss_fn), evaluate(model, test_loader, loss_fn)
        print(f"Epoch {epoch + 1}/{cfg.epochs} - loss: {tr[0]:.4f} - acc: {tr[1]:.3f} - val_loss: {te[0]:.4f} - val_acc: {te[1]:.3f}")


if __name__ == "__main__":
    main()
