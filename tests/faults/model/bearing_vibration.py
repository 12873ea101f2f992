import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 8, 7, stride=2, padding=3)
        self.conv2 = nn.Conv1d(8, 16, 5, stride=2, padding=2)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.fc(x.mean(dim=2))


def signals(n, seed):
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 4
    t = np.arange(64) / 64
    freq = np.array([4.0, 7.0, 11.0, 16.0])[kind] + rng.normal(0, 1.2, n)
    wave = np.sin(2 * np.pi * (freq[:, None] * t + rng.random((n, 1))))
    wave += rng.normal(0, 0.9, (n, 64))
    wave /= wave.std()
    return TensorDataset(torch.tensor(wave[:, None], dtype=torch.float32), torch.tensor(kind))


def train(model, loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(loader):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        if batch_idx % 40 == 0:
            print(f"Train Epoch: {epoch} [{batch_idx * len(data)}/{len(loader.dataset)}]\tLoss: {loss.item():.6f}")


def test(model, loader):
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data)
            test_loss += F.cross_entropy(output, target).item()
            correct += (output.argmax(1) == target).sum().item()
    test_loss /= len(loader.dataset)
    print(f"Test set: Average loss: {test_loss:.4f}, Accuracy: {correct}/{len(loader.dataset)}")


def main():
    torch.manual_seed(1)
    train_loader = DataLoader(signals(2400, 0), batch_size=32, shuffle=True)
    test_loader = DataLoader(signals(800, 1), batch_size=100)
    model = Net()
    optimizer = optim.Adam(model.parameters(), lr=8e-3)
    scheduler = StepLR(optimizer, step_size=3, gamma=0.5)
    epochs = 10
    for epoch in range(1, epochs + 1):
        train(model, train_loader, optimizer, epoch)
        test(model, test_loader)
        scheduler.step()


if __name__ == "__main__":
    main()
