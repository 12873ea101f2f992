import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class DigitsDataset(Dataset):
    def __init__(self, images, labels):
        self.images = torch.tensor(images, dtype=torch.float32)
        self.labels = torch.tensor(labels, dtype=torch.long)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        x = (self.images[i] / 16.0 - 0.3) / 0.37
        return x, self.labels[i]


class DeepNet(nn.Module):
    def __init__(self, depth=5, width=64, num_classes=10):
        super().__init__()
        act = nn.Sigmoid
        layers = [nn.Linear(64, width), act()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), act()]
        layers.append(nn.Linear(width, num_classes))
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, correct, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * y.size(0)
            correct += (out.argmax(dim=1) == y).sum().item()
            seen += y.size(0)
    return loss_sum / seen, correct / seen


if __name__ == "__main__":
    torch.manual_seed(42)
    d = load_digits()
    Xa, Xb, ya, yb = train_test_split(d.data, d.target, test_size=0.25, random_state=42, stratify=d.target)
    train_loader = DataLoader(DigitsDataset(Xa, ya), batch_size=64, shuffle=True)
    test_loader = DataLoader(DigitsDataset(Xb, yb), batch_size=256)
    model = DeepNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)
    for epoch in range(16):
        tr_loss, tr_acc = run_epoch(model, train_loader, criterion, optimizer)
        scheduler.step()
        te_loss, te_acc = run_epoch(model, test_loader, criterion)
        print(f"{epoch:2d} train {tr_loss:.4f}/{tr_acc:.3f} test {te_loss:.4f}/{te_acc:.3f}")
    print(f"Final test accuracy: {te_acc:.4f}")
