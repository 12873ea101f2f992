import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

wine = load_wine()
X_train, X_test, y_train, y_test = train_test_split(wine.data, wine.target, test_size=0.3, random_state=4, stratify=wine.target)
scaler = StandardScaler().fit(X_train)


def prepare(X):
    return torch.tensor(X, dtype=torch.float32)


train_ds = TensorDataset(prepare(X_train), torch.tensor(y_train))
loader = DataLoader(train_ds, batch_size=16, shuffle=True)

model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)

for epoch in range(40):
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    if (epoch + 1) % 10 == 0:
        print(f"Epoch {epoch + 1}: loss = {total / len(train_ds):.4f}")

with torch.no_grad():
    acc = (model(prepare(X_test)).argmax(1).numpy() == y_test).mean()
print(f"Accuracy on the test wines: {acc:.3f}")
