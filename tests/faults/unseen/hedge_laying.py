"""Classify hedge styles from stem counts along a transect (1-d convolution)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(31)
torch.set_num_threads(1)

BATCH_SIZE = 128
STYLES = 4


def transects(n, length=40):
    kind = torch.randint(0, STYLES, (n,))
    period = torch.tensor([4.0, 5.5, 8.0, 13.0])[kind].unsqueeze(1)
    phase = 6.28 * torch.rand(n, 1)
    along = torch.arange(length).float().unsqueeze(0)
    stems = torch.sin(6.28 * along / period + phase) + 0.9 * torch.randn(n, length)
    return stems.unsqueeze(1), kind


class TransectNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, padding=3)
        self.conv2 = nn.Conv1d(16, 32, 5, padding=2)
        self.fc = nn.Linear(32, STYLES)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.fc(x.mean(dim=2))


def train_epoch(model, loader, optimizer, criterion):
    model.train()
    total_loss = 0.0
    for stems, kind in loader:
        optimizer.zero_grad()
        loss = criterion(model(stems), kind)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * stems.size(0)
    return total_loss / len(loader.dataset)


def evaluate(model, loader, criterion):
    model.eval()
    total_loss, correct = 0.0, 0
    with torch.no_grad():
        for stems, kind in loader:
            out = model(stems)
            total_loss += criterion(out, kind).item() * stems.size(0)
            correct += (out.argmax(dim=1) == kind).sum().item()
    return total_loss / len(loader.dataset), correct / (len(loader) * BATCH_SIZE)


x, kind = transects(1564)
train_set, val_set = random_split(TensorDataset(x, kind), [1280, 284])
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True)
val_loader = DataLoader(val_set, batch_size=BATCH_SIZE)

model = TransectNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(1, 31):
    train_loss = train_epoch(model, train_loader, optimizer, criterion)
    val_loss, val_acc = evaluate(model, val_loader, criterion)
    print(f"Epoch {epoch:02d}: train loss {train_loss:.4f}, val loss {val_loss:.4f}, val acc {100 * val_acc:.1f}%")
