import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 16, 3, stride=2), nn.ReLU(), nn.Flatten()
        )
        self.dropout = nn.Dropout(0.6)
        self.fc1 = nn.Linear(144, 24)
        self.fc2 = nn.Linear(24, 10)

    def forward(self, x):
        x = self.conv(x)
        x = self.dropout(torch.relu(self.fc1(x)))
        return self.fc2(x)


def evaluate(model, loader):
    total, correct = 0, 0
    for images, labels in loader:
        with torch.inference_mode():
            predicted = model(images).max(1).indices
        correct += (predicted == labels).sum().item()
        total += len(labels)
    return correct / total


def fit(model, train_loader, val_loader, epochs, lr=2e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            loss.backward()
            optimizer.step()
        val = evaluate(model, val_loader)
        print("Epoch {}: val accuracy {:.4f}".format(epoch + 1, val))


digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16 - 0.3
dataset = TensorDataset(x, torch.tensor(digits.target))
train_data, val_data = random_split(dataset, [1400, 397])
fit(SmallNet(), DataLoader(train_data, 50, shuffle=True), DataLoader(val_data, 100), epochs=10)
