import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
CLASSES = ["sine", "square", "sawtooth", "chirp"]


def make_signals(n, length=64):
    t = torch.linspace(0, 1, length)
    y = torch.arange(n) % 4
    f = 2 + 3 * torch.rand(n, 1)
    ph = torch.rand(n, 1)
    arg = f * t + ph
    sine = torch.sin(2 * torch.pi * arg)
    shapes = torch.stack([sine, torch.sign(sine), 2 * (arg % 1) - 1, torch.sin(2 * torch.pi * (arg + 3 * t ** 2))], 1)
    x = shapes[torch.arange(n), y] + 0.4 * torch.randn(n, length)
    return (x / 0.9).unsqueeze(1), y


train_loader = DataLoader(TensorDataset(*make_signals(1600)), batch_size=32, shuffle=True)
val_loader = DataLoader(TensorDataset(*make_signals(400)), batch_size=32)

model = nn.Sequential(
    nn.Conv1d(1, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(16, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(),
    nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(64, len(CLASSES)))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)

for epoch in range(10):
    model.train()
    train_loss = 0.0
    for signals, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(signals), labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    scheduler.step()

    model.eval()
    val_loss, correct = 0.0, 0
    with torch.no_grad():
        for signals, labels in val_loader:
            out = model(signals)
            val_loss += criterion(out, labels).item()
            correct += (out.argmax(1) == labels).sum().item()
    train_loss /= len(train_loader.dataset)
    val_loss /= len(val_loader)
    print(f"Epoch {epoch + 1:2d}  training loss {train_loss:.5f}  validation loss {val_loss:.5f}  "
          f"validation accuracy {correct / len(val_loader.dataset):.4f}")
print(f"training loss at the end {train_loss:.5f}")
