from sklearn.datasets import make_circles
import torch
import torch.nn as nn

torch.manual_seed(0)
X, y = make_circles(n_samples=1000, noise=0.08, factor=0.5, random_state=0)
X = torch.tensor(X / X.std(), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.long)
X_train, y_train = X[:800], y[:800]
X_test, y_test = X[800:], y[800:]

model = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

num_epochs = 20
batch_size = 40
for epoch in range(num_epochs):
    indices = torch.randperm(len(X_train))
    correct = 0
    for i in range(0, len(X_train), batch_size):
        sel = indices[i:i + batch_size]
        outputs = model(X_train[sel])
        loss = criterion(outputs, y_train[sel])
        optimizer.zero_grad()
        loss.backward()
        correct += (outputs.argmax(1) == y_train[sel]).sum().item()
    print(f"Epoch [{epoch + 1}/{num_epochs}], Loss: {loss.item():.4f}, Train Acc: {correct / len(X_train):.3f}")

with torch.no_grad():
    test_acc = (model(X_test).argmax(1) == y_test).float().mean()
print(f"Test Acc: {test_acc:.3f}")
