import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def get_args():
    ap = argparse.ArgumentParser()
    ap.add_argument("--batch-size", type=int, default=2)
    ap.add_argument("--epochs", type=int, default=3)
    ap.add_argument("--lr", type=float, default=0.002)
    ap.add_argument("--seed", type=int, default=0)
    return ap.parse_args()


def conv_block(cin, cout):
    norm = nn.BatchNorm2d(cout)
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), norm, nn.ReLU())


def build():
    return nn.Sequential(conv_block(1, 16), conv_block(16, 16), nn.MaxPool2d(2), conv_block(16, 32), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(128, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))


def accuracy(model, loader):
    model.eval()
    good = 0
    with torch.no_grad():
        for x, y in loader:
            good += (model(x).argmax(1) == y).sum().item()
    return good / len(loader.dataset)


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    d = load_digits()
    X = torch.tensor(d.images[:, None], dtype=torch.float32)
    X = (X - X.mean()) / X.std()
    Xa, Xb, ya, yb = train_test_split(X, torch.tensor(d.target), test_size=0.25, random_state=args.seed)
    tl = DataLoader(TensorDataset(Xa, ya), batch_size=args.batch_size, shuffle=True, drop_last=True)
    vl = DataLoader(TensorDataset(Xb, yb), batch_size=450)
    model = build()
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs * len(tl))
    ce = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        model.train()
        run = 0.0
        for x, y in tl:
            opt.zero_grad()
            loss = ce(model(x), y)
            loss.backward()
            opt.step()
            sched.step()
            run += loss.item()
        acc = accuracy(model, vl)
        print(f"epoch {epoch + 1} train loss {run / len(tl):.4f} val acc {acc:.4f}")
    print(f"Accuracy on validation images: {acc:.4f}")


if __name__ == "__main__":
    main()
