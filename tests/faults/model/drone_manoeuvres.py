"""Manoeuvre recognition from gyroscope windows with a bidirectional LSTM."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(40)
MANOEUVRES = ["hover", "roll", "yaw", "flip"]


class GyroWindows(Dataset):
    def __init__(self, n=2000, steps=25):
        t = torch.linspace(0, 1, steps)
        self.y = torch.randint(len(MANOEUVRES), (n,))
        amp = torch.tensor([[0.1, 0.1, 0.1], [1.0, 0.2, 0.1], [0.1, 0.2, 1.0], [1.2, 0.9, 0.2]])[self.y]
        rate = torch.tensor([1.0, 2.0, 2.0, 4.0])[self.y] + 0.3 * torch.randn(n)
        phase = 6.28 * torch.rand(n, 1)
        wave = torch.sin(6.28 * rate.unsqueeze(1) * t + phase)
        x = wave.unsqueeze(-1) * amp.unsqueeze(1) + 0.5 * torch.randn(n, steps, 3)
        self.x = (x - x.mean((0, 1))) / x.std((0, 1))

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class GyroLSTM(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.lstm = nn.LSTM(3, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(2 * hidden, len(MANOEUVRES))

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(self.drop(out.mean(dim=1)))


def evaluate(model, loader, batch_size):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(dim=1) == y).sum().item()
    return 100.0 * correct / (len(loader) * batch_size)


data = GyroWindows()
train_set, val_set = random_split(data, [1650, 350], generator=torch.Generator().manual_seed(0))
BATCH = 64
VAL_BATCH = 256
train_loader = DataLoader(train_set, batch_size=BATCH, shuffle=True)
val_loader = DataLoader(val_set, batch_size=VAL_BATCH)

model = GyroLSTM()
optimizer = torch.optim.NAdam(model.parameters(), lr=4e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    model.train()
    epoch_loss = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * y.size(0)
    acc = evaluate(model, val_loader, VAL_BATCH)
    print(f"Epoch {epoch + 1:2d}: loss {epoch_loss / len(train_set):.3f}, val acc {acc:.1f}%")
print(f"Final validation accuracy: {acc:.2f}%")
