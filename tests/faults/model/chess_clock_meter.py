import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split


class Meter:
    """Keeps a running ratio."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.top = 0.0
        self.bottom = 0

    def add(self, value, n):
        self.top += value
        self.bottom += n

    @property
    def value(self):
        return self.top / max(self.bottom, 1)


class DisplayReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(8, 40, batch_first=True)
        self.fc = nn.Linear(40, 10)

    def forward(self, rows):
        _, h = self.rnn(rows)
        return self.fc(h[-1])


torch.manual_seed(19)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)
images = (images - images.mean()) / images.std()
full = TensorDataset(images, torch.tensor(digits.target))
train_set, val_set = random_split(full, [1347, 450])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=90)

model = DisplayReader()
optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
train_loss, val_loss, val_acc = Meter(), Meter(), Meter()

for epoch in range(14):
    model.train()
    train_loss.reset()
    for rows, digit in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(rows), digit)
        loss.backward()
        optimizer.step()
        train_loss.add(loss.item() * len(digit), len(digit))

    model.eval()
    val_loss.reset()
    with torch.no_grad():
        for rows, digit in val_loader:
            logits = model(rows)
            val_loss.add(criterion(logits, digit).item() * len(digit), len(digit))
            val_acc.add((logits.argmax(1) == digit).sum().item(), len(digit))
    print(f"epoch {epoch:2d} | train loss {train_loss.value:.3f} | val loss {val_loss.value:.3f} | val acc {val_acc.value:.4f}")

print(f"validation accuracy after training: {val_acc.value:.4f}")
