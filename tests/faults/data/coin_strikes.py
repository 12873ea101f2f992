import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class StampFolder(Dataset):
    """Pairs of picture and class, listed as ImageFolder does."""

    def __init__(self, images, targets, part):
        self.samples = []
        rng = np.random.default_rng(4)
        for label in sorted(set(targets.tolist())):
            own = rng.permutation(np.flatnonzero(targets == label))
            cut = int(0.8 * len(own))
            chosen = own[:cut] if part == "train" else own[cut:]
            self.samples += [(images[i], label) for i in chosen]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        img, label = self.samples[i]
        return torch.from_numpy(img).float().unsqueeze(0), label


class StrikeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 12, 3, padding=1)
        self.c2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc = nn.Linear(24 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc(x.flatten(1))


def evaluate(model, loader):
    model.eval()
    good, loss = 0, 0.0
    with torch.no_grad():
        for img, target in loader:
            logits = model(img)
            loss += F.cross_entropy(logits, target, reduction="sum").item()
            good += (logits.argmax(1) == target).sum().item()
    return loss / len(loader.dataset), good / len(loader.dataset)


if __name__ == "__main__":
    torch.manual_seed(0)
    digits = load_digits()
    images = (digits.images - digits.images.mean()) / digits.images.std()
    train_ds, test_ds = StampFolder(images, digits.target, "train"), StampFolder(images, digits.target, "test")
    loaders = {
        "train": DataLoader(train_ds, batch_size=32),
        "test": DataLoader(test_ds, batch_size=128),
    }
    net = StrikeNet()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for epoch in range(12):
        net.train()
        seen, running = 0, 0.0
        for img, target in loaders["train"]:
            loss = F.cross_entropy(net(img), target)
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item() * len(target)
            seen += len(target)
        test_loss, acc = evaluate(net, loaders["test"])
        print(f"epoch {epoch + 1}/12  train loss {running / seen:.3f}  test loss {test_loss:.3f}  acc {100 * acc:.2f}%")
    print(f"Accuracy of the network: {100 * acc:.2f}%")
