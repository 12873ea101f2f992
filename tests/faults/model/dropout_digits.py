import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split


class ConvNet(nn.Module):
    def __init__(self, p_conv=0.75, p_fc=0.9):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.Dropout2d(p_conv), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(24 * 4, 48), nn.ReLU(), nn.Dropout(p_fc), nn.Linear(48, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


def train(model, loader, optimizer, criterion):
    model.train()
    total = 0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def test(model, loader, criterion):
    model.eval()
    total, correct, n = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            out = model(images)
            total += criterion(out, labels).item() * len(labels)
            correct += (out.argmax(1) == labels).sum().item()
            n += len(labels)
    return total / n, correct / n


torch.manual_seed(5)
bunch = load_digits()
X = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1)
X = (X - 4.88) / 6.02
ds = TensorDataset(X, torch.tensor(bunch.target))
train_set, test_set = random_split(ds, [1350, len(ds) - 1350])
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
test_loader = DataLoader(test_set, batch_size=447)

net = ConvNet()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(18):
    tr = train(net, train_loader, optimizer, criterion)
    te, acc = test(net, test_loader, criterion)
    print(f"Epoch {epoch + 1}/18 - loss: {tr:.4f} - val_loss: {te:.4f} - val_acc: {acc:.4f}")
print(f"best guess at generalisation: loss {te:.4f}")
