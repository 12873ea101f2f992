import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
STEPS, CHANNELS = 18, 4
STATES = ["normal", "worn belt", "dirty track", "bad sensor"]


def door_cycles(n):
    """Motor current, speed, position and vibration while a lift door closes."""
    y = torch.randint(0, len(STATES), (n,))
    t = torch.linspace(0, 1, STEPS).expand(n, STEPS)
    speed = torch.sin(3.14159 * t) * (1 + 0.1 * torch.randn(n, 1))
    current = 0.6 * speed + 0.2 * torch.randn(n, STEPS)
    vibration = 0.5 * torch.randn(n, STEPS)
    worn, dirty, bad = [(y == k).float().unsqueeze(1) for k in (1, 2, 3)]
    start = torch.rand(n, 1) * 0.5 + 0.1
    inside = ((t > start) & (t < start + 0.25)).float()
    current = current + dirty * inside * 0.7 + worn * 0.35 * t
    vibration = vibration + worn * torch.sin(25 * t + 6 * torch.rand(n, 1)) * 0.8 + dirty * inside
    position = torch.cumsum(speed, 1) / 10 + 0.08 * torch.randn(n, STEPS) * (1 + 4 * bad)
    x = torch.stack([current, speed, position, vibration], dim=2)
    return (x - x.mean((0, 1))) / x.std((0, 1)), y


class DoorLSTM(nn.Module):
    def __init__(self, n_in, hidden, n_out):
        super().__init__()
        self.lstm = nn.LSTM(n_in, hidden)
        self.fc = nn.Linear(hidden, n_out)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


def evaluate(model, loader, loss_fn):
    model.eval()
    loss = correct = total = 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += loss_fn(out, y).item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
            total += len(y)
    return loss / total, correct / total


x, y = door_cycles(2000)
train_loader = DataLoader(TensorDataset(x[:1600], y[:1600]), batch_size=40, shuffle=True)
test_loader = DataLoader(TensorDataset(x[1600:], y[1600:]), batch_size=40)
model = DoorLSTM(CHANNELS, 24, len(STATES))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(16):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
    train_loss, train_acc = evaluate(model, train_loader, loss_fn)
    test_loss, test_acc = evaluate(model, test_loader, loss_fn)
    print(f"{epoch + 1:02d}: train {train_loss:.3f}/{train_acc:.3f}  test {test_loss:.3f}/{test_acc:.3f}")
print(f"Test accuracy = {test_acc:.4f}")
