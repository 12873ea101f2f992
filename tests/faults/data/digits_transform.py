import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class DigitImages(Dataset):
    MEAN, STD = 0.305, 0.376

    def __init__(self, images, labels, train=True):
        self.images = torch.as_tensor(images, dtype=torch.float32)
        self.labels = torch.as_tensor(labels)
        self.train = train

    def __len__(self):
        return len(self.labels)

    def augment(self, img):
        return img + 0.05 * torch.randn_like(img)

    def __getitem__(self, i):
        img = self.images[i] / 16.0
        if self.train:
            img = self.augment(img)
            img = (img - self.MEAN) / self.STD
        return img[None], self.labels[i]


class ConvNet(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.c1 = nn.Conv2d(1, c, 3, padding=1)
        self.c2 = nn.Conv2d(c, 2 * c, 3, stride=2, padding=1)
        self.c3 = nn.Conv2d(2 * c, 2 * c, 3, stride=2, padding=1)
        self.fc = nn.Linear(2 * c * 4, 10)

    def forward(self, x):
        for conv in (self.c1, self.c2, self.c3):
            x = torch.relu(conv(x))
        return self.fc(x.flatten(1))


def run(model, loader, optimizer=None):
    model.train(mode=optimizer is not None)
    total, correct = 0.0, 0
    for x, y in loader:
        with torch.set_grad_enabled(optimizer is not None):
            out = model(x)
            loss = nn.functional.cross_entropy(out, y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(y)
        correct += (out.argmax(1) == y).sum().item()
    return total / len(loader.dataset), correct / len(loader.dataset)


if __name__ == "__main__":
    torch.manual_seed(33)
    d = load_digits()
    order = torch.randperm(len(d.target)).numpy()
    tr, te = order[:1350], order[1350:]
    train_loader = DataLoader(DigitImages(d.images[tr], d.target[tr], train=True), batch_size=64, shuffle=True)
    test_loader = DataLoader(DigitImages(d.images[te], d.target[te], train=False), batch_size=150)
    model = ConvNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=10)
    for epoch in range(10):
        trl, tra = run(model, train_loader, optimizer)
        tel, tea = run(model, test_loader)
        scheduler.step()
        print(f"epoch {epoch + 1:2d}: train loss {trl:.3f} acc {tra:.3f} / test loss {tel:.3f} acc {tea:.3f}")
    print(f"Test loss {tel:.4f}")
