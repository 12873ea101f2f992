import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)
T, CHANNELS, CLASSES = 32, 4, 4


def record(n):
    """Recordings (n, time, channels): the class is told by the speed of the wave in each channel."""
    label = np.random.randint(0, CLASSES, n)
    t = np.arange(T)[None, :, None]
    speed = np.array([[1, 2, 3, 4], [2, 1, 4, 3], [3, 4, 1, 2], [4, 3, 2, 1]])[label][:, None, :]
    phase = np.random.rand(n, 1, CHANNELS) * 2 * np.pi
    signal = np.sin(2 * np.pi * speed * t / T + phase) + 0.8 * np.random.randn(n, T, CHANNELS)
    return torch.tensor(signal, dtype=torch.float32), torch.tensor(label)


class ConvNet1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(CHANNELS, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
        )
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = x.reshape(x.size(0), CHANNELS, T)
        return self.fc(self.conv(x).squeeze(-1))


train_loader = DataLoader(TensorDataset(*record(1200)), batch_size=40, shuffle=True)
test_x, test_y = record(500)
model = ConvNet1d()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(6):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1}/6 loss {loss.item():.4f} acc {acc:.4f}")
