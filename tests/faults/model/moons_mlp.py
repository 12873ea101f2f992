import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(37)
X, y = make_moons(n_samples=1100, noise=0.35, random_state=37)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y)
X_train, y_train, X_test, y_test = X[:100], y[:100], X[100:], y[100:]
mu, sd = X_train.mean(0), X_train.std(0)
X_train, X_test = (X_train - mu) / sd, (X_test - mu) / sd


class MoonNet(nn.Module):
    def __init__(self, width, n_hidden):
        super().__init__()
        dims = [2] + [width] * n_hidden
        body = []
        for a, b in zip(dims, dims[1:]):
            body += [nn.Linear(a, b), nn.ReLU()]
        self.body = nn.Sequential(*body)
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        return self.out(self.body(x))


model = MoonNet(128, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
n_epochs = 150
batch_size = 10

for epoch in range(1, n_epochs + 1):
    model.train()
    train_loss = 0.0
    for idx in torch.randperm(len(X_train)).split(batch_size):
        optimizer.zero_grad()
        loss = criterion(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(idx)
    if epoch % 5 == 0:
        model.eval()
        with torch.no_grad():
            logits = model(X_test)
            test_loss = criterion(logits, y_test).item()
            test_acc = (logits.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch:3d} train loss {train_loss / len(X_train):.3f} test loss {test_loss:.3f} test acc {test_acc:.3f}")

print(f"test loss: {test_loss:.4f}")
