# Which of two marks came first? A sequence of noise with two spikes in it.
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Spikes(Dataset):
    def __init__(self, n, length=20):
        self.x = 0.1 * torch.randn(n, length, 2)
        self.y = torch.zeros(n, dtype=torch.long)
        for i in range(n):
            a, b = torch.randperm(length)[:2].tolist()
            self.x[i, a, 0] += 1
            self.x[i, b, 1] += 1
            self.y[i] = int(a < b)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class LSTMClassifier(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.fc(h[-1])


torch.manual_seed(0)
train_loader = DataLoader(Spikes(1000), batch_size=50, shuffle=True)
test_loader = DataLoader(Spikes(300), batch_size=300)
model = LSTMClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(10):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader) / 300
    print(f"Epoch {epoch + 1}/10, Loss: {loss.item():.4f}, Test Acc: {acc:.4f}")
