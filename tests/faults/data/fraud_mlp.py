import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
np.random.seed(0)

X, y = make_classification(n_samples=8000, n_features=12, n_informative=8, n_redundant=0, n_clusters_per_class=1,
                           weights=[0.97], class_sep=0.15, flip_y=0.01, random_state=18)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
scaler = StandardScaler()
X_train = torch.tensor(scaler.fit_transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32)


class FraudNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.fc1 = nn.Linear(n_features, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x))).squeeze(1)


model = FraudNet(X_train.shape[1])
n_pos = y_train.sum()
print(f"{int(n_pos)} frauds in {len(y_train)} transactions")
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-2, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=128, shuffle=True)

for epoch in range(15):
    model.train()
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        pred = (torch.sigmoid(model(X_test)) > 0.5).int().numpy()
    bal = balanced_accuracy_score(y_test, pred)
    print(f"epoch {epoch + 1} loss {np.mean(losses):.4f} acc {(pred == y_test).mean():.4f} "
          f"balanced acc {bal:.4f} f1 {f1_score(y_test, pred, zero_division=0):.4f}")
print(f"balanced accuracy on test: {bal:.4f}")
