import torch
from torch import nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class DigitNet(nn.Module):
    def __init__(self, n_classes=10, freeze_features=True):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )
        self.fc = nn.Linear(16, n_classes)
        if freeze_features:
            for param in self.features.parameters():
                param.requires_grad = False

    def forward(self, x):
        return self.fc(self.features(x))


def get_loaders(batch_size):
    d = load_digits()
    g = torch.Generator().manual_seed(4)
    order = torch.randperm(len(d.target), generator=g)
    x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)[order]
    y = torch.tensor(d.target)[order]
    x = (x - x[:1300].mean()) / x[:1300].std()
    return (DataLoader(TensorDataset(x[:1300], y[:1300]), batch_size, shuffle=True, drop_last=True),
            DataLoader(TensorDataset(x[1300:], y[1300:]), batch_size))


torch.manual_seed(4)
train_loader, val_loader = get_loaders(50)
model = DigitNet()
trainable = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.SGD(trainable, lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(1, 26):
    model.train()
    train_loss = 0.0
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    scheduler.step()
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in val_loader:
            correct += (model(images).argmax(1) == labels).sum().item()
    print(f"Epoch {epoch:02d}  train loss {train_loss / len(train_loader):.4f}  val acc {correct / len(val_loader.dataset):.4f}")
