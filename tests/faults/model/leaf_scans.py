import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

torch.manual_seed(64)
X, y = make_classification(n_samples=1280, n_features=20, n_informative=6, n_redundant=4, n_classes=4,
                           n_clusters_per_class=1, class_sep=2.0, flip_y=0.0, random_state=10)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.25, random_state=1, stratify=y)
mean, std = X_train.mean(0), X_train.std(0)


def as_dataset(a, b):
    return TensorDataset(torch.tensor((a - mean) / std, dtype=torch.float32), torch.tensor(b))


train_loader = DataLoader(as_dataset(X_train, y_train), batch_size=2, shuffle=True)
val_loader = DataLoader(as_dataset(X_val, y_val), batch_size=200)


class LeafNet(nn.Module):
    def __init__(self, in_dim=20, hidden=64, classes=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(in_dim, hidden), nn.BatchNorm1d(hidden), nn.ReLU())
        self.block = nn.Sequential(nn.Linear(hidden, 32), nn.BatchNorm1d(32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        return self.head(self.block(self.stem(x)))


model = LeafNet()
loss_fn = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-4)
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.75)

for epoch in range(6):
    model.train()
    train_loss = 0
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    scheduler.step()
    model.eval()
    val_loss, correct, seen = 0, 0, 0
    with torch.no_grad():
        for inputs, targets in val_loader:
            logits = model(inputs)
            val_loss += loss_fn(logits, targets).item()
            correct += (logits.argmax(1) == targets).sum().item()
            seen += len(targets)
    print(f"Epoch {epoch + 1}/6 - loss: {train_loss / len(train_loader):.4f} - val_loss: {val_loss / len(val_loader):.4f}"
          f" - val_accuracy: {correct / seen:.4f}")
