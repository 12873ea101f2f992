import torch
import torch.nn as nn
from sklearn.datasets import make_circles
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)
X, y = make_circles(n_samples=2000, noise=0.18, factor=0.5, random_state=41)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X[:1500].mean(0)) / X[:1500].std(0)
y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
train_loader = DataLoader(TensorDataset(X[:1500], y[:1500]), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(X[1500:], y[1500:]), batch_size=100)


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 16)
        self.hidden2 = nn.Linear(16, 16)
        self.logit = nn.Linear(16, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.hidden2(x))
        return self.logit(x)


def binary_accuracy(output, target):
    predicted = torch.round(output)
    return (predicted == target).float().mean()


model = BinaryNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)

for epoch in range(15):
    model.train()
    train_loss, train_acc = 0.0, 0.0
    for xb, yb in train_loader:
        out = model(xb)
        loss = criterion(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        train_acc += binary_accuracy(out, yb).item()
    scheduler.step()
    model.eval()
    test_loss, test_acc = 0.0, 0.0
    with torch.no_grad():
        for xb, yb in test_loader:
            out = model(xb)
            test_loss += criterion(out, yb).item()
            test_acc += binary_accuracy(out, yb).item()
    print(f"Epoch {epoch + 1:02d}: train loss {train_loss / len(train_loader):.3f} acc {train_acc / len(train_loader):.3f} | "
          f"test loss {test_loss / len(test_loader):.3f} acc {test_acc / len(test_loader):.3f}")
print(f"Test accuracy {100 * test_acc / len(test_loader):.2f}%")
