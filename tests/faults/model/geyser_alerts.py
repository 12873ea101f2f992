import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class GeyserDataset(Dataset):
    """Seismic envelope before an eruption (1) or a quiet period (0)."""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.labels = (torch.rand(n, 1, generator=g) < 0.5).float()
        t = torch.linspace(0, 1, 30)
        onset = 0.3 + 0.5 * torch.rand(n, 1, generator=g)
        ramp = torch.relu(t - onset) * 3.0
        burst = torch.exp(-((t - onset) / 0.1) ** 2)
        envelope = self.labels * ramp + (1 - self.labels) * burst
        self.signals = (envelope + 0.75 * torch.randn(n, 30, generator=g)).unsqueeze(1)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.signals[i], self.labels[i]


class GeyserNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 8, 5, padding=2), nn.ReLU(), nn.AvgPool1d(3))
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(80, 1)

    def forward(self, x):
        return self.fc(self.dropout(self.conv(x).flatten(1)))


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    total = 0.0
    for signals, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(signals), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def evaluate(model, loader, criterion):
    model.eval()
    total_loss, accuracies = 0.0, []
    with torch.no_grad():
        for signals, labels in loader:
            logits = model(signals)
            total_loss += criterion(logits, labels).item() * len(labels)
            predicted = (torch.sigmoid(logits) > 0.5).float().squeeze(1)
            accuracies.append((predicted == labels).float().mean().item())
    return total_loss / len(loader.dataset), sum(accuracies) / len(accuracies)


if __name__ == "__main__":
    torch.manual_seed(9)
    train_loader = DataLoader(GeyserDataset(3000, seed=1), batch_size=50, shuffle=True)
    val_loader = DataLoader(GeyserDataset(1000, seed=2), batch_size=100)
    model = GeyserNet()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, 13):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer)
        val_loss, val_acc = evaluate(model, val_loader, criterion)
        print(f"Epoch {epoch:02d}: train loss {train_loss:.4f}, val loss {val_loss:.4f}, val accuracy {val_acc:.4f}")
    print(f"val accuracy at the end {val_acc:.4f}")
