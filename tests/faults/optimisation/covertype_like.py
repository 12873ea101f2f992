import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(11)

X, y = make_classification(n_samples=4000, n_features=20, n_informative=10, n_redundant=4, n_classes=5,
                           n_clusters_per_class=2, class_sep=1.6, flip_y=0.01, random_state=11)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y)
train_set, val_set = random_split(TensorDataset(X, y), [3200, 800])
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
val_loader = DataLoader(val_set, batch_size=200)


def make_model():
    return nn.Sequential(
        nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(),
        nn.Linear(32, 5),
    )


def train_one_epoch(model, loader, optimizer, scheduler, criterion):
    model.train()
    running_loss = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running_loss += loss.item() * inputs.size(0)
    return running_loss / len(loader.dataset)


def validate(model, loader):
    model.eval()
    hits = 0
    with torch.no_grad():
        for inputs, labels in loader:
            hits += (model(inputs).argmax(dim=1) == labels).sum().item()
    return hits / len(loader.dataset)


model = make_model()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.3)
for epoch in range(18):
    loss = train_one_epoch(model, train_loader, optimizer, scheduler, criterion)
    acc = validate(model, val_loader)
    print(f"Epoch {epoch + 1}/18 loss: {loss:.4f} val_acc: {acc:.4f}")
print(f"Done. val_acc: {acc:.4f}")
