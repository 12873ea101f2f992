import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = load_digits(n_class=10, return_X_y=True)
X = torch.tensor(X[:600] / 8.0 - 0.6, dtype=torch.float32)
y = torch.tensor(y[:600])


def jitter(X, y, copies=3):
    noisy = [X + 0.05 * torch.randn_like(X) for _ in range(copies)]
    return torch.cat([X] + noisy), y.repeat(copies + 1)


def prepare(X, y):
    X, y = jitter(X, y)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    return X_train, X_test, y_train, y_test


X_train, X_test, y_train, y_test = prepare(X, y)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()

for epoch in range(8):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        wrong = (model(X_test).argmax(1) != y_test).float().mean().item()
    print(f"epoch {epoch + 1} | train loss {loss.item():.4f} | test accuracy {100 * (1 - wrong):.2f}%")
