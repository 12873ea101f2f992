from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


class GlyphNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(24 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(self.drop(x.flatten(1)))


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=0.02, epochs=16):
        self.model, self.train_loader, self.val_loader, self.epochs = model, train_loader, val_loader, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
        self.scheduler = ReduceLROnPlateau(self.optimizer, factor=0.5, patience=4)

    def train_one_epoch(self):
        self.model.train()
        total = 0.0
        for images, labels in self.train_loader:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
            self.scheduler.step(loss.item())
            total += loss.item() * labels.size(0)
        return total / len(self.train_loader.dataset)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        loss = correct = 0
        for images, labels in self.val_loader:
            logits = self.model(images)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += (logits.argmax(1) == labels).sum().item()
        n = len(self.val_loader.dataset)
        return loss / n, correct / n

    def fit(self):
        for epoch in range(1, self.epochs + 1):
            train_loss = self.train_one_epoch()
            val_loss, val_acc = self.validate()
            print(f"epoch {epoch:>2}: train_loss {train_loss:.4f} val_loss {val_loss:.4f} val_acc {val_acc:.4f}")
        return val_acc


if __name__ == "__main__":
    torch.manual_seed(8)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
    images = (images - 4.88) / 6.02
    labels = torch.tensor(digits.target)
    tr, va = train_test_split(range(len(labels)), test_size=0.25, random_state=8, stratify=digits.target)
    train_loader = DataLoader(TensorDataset(images[tr], labels[tr]), batch_size=32, shuffle=True)
    val_loader = DataLoader(TensorDataset(images[va], labels[va]), batch_size=128)
    acc = Trainer(GlyphNet(), train_loader, val_loader).fit()
    print(f"final accuracy: {acc:.4f}")
