import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(26)
X, y = make_classification(n_samples=1500, n_features=20, n_informative=10, n_redundant=0, n_classes=3,
                           n_clusters_per_class=2, class_sep=1.1, flip_y=0.03, random_state=26)
X = torch.tensor(X, dtype=torch.float32)
perm = torch.randperm(len(X)).tolist()
n_test = len(X) // 4
train_idx = perm[n_test:]
test_idx = perm[-n_test:]
X = (X - X[train_idx].mean(0)) / X[train_idx].std(0)
dataset = TensorDataset(X, torch.tensor(y))
train_loader = DataLoader(Subset(dataset, train_idx), batch_size=32, shuffle=True)
test_loader = DataLoader(Subset(dataset, test_idx), batch_size=128)


class SensorNet(nn.Module):
    def __init__(self, n_in=20, n_out=3):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, 64), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(64, n_out))

    def forward(self, x):
        return self.net(x)


def evaluate(model, loader):
    model.eval()
    loss, correct, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += nn.functional.cross_entropy(out, y, reduction="sum").item()
            correct += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, correct / n


model = SensorNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=8e-3, weight_decay=0.02)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 16)
for epoch in range(16):
    model.train()
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    scheduler.step()
    tl, ta = evaluate(model, test_loader)
    print(f"epoch {epoch:2d} | train {total / len(train_idx):.4f} | test {tl:.4f} | acc {ta:.4f}")
print(f"Held-out accuracy: {ta:.4f}")
