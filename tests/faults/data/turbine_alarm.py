import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = 17
torch.manual_seed(SEED)
STATES = ["ok", "worn bearing", "blade crack"]

# vibration bands of a gearbox: each fault lifts some of them a little
rng = np.random.default_rng(SEED)
y = rng.choice(3, size=12000, p=[0.90, 0.07, 0.03])
X = rng.normal(size=(len(y), 14))
X[y == 1, 0:5] += 0.95
X[y == 2, 3:8] += [0.3, 0.9, 0.9, 1.0, 1.0]
X[:, 8:11] = 0.6 * X[:, 8:11] + 0.8 * np.abs(X[:, 0:3])
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, stratify=y, random_state=SEED)
scaler = StandardScaler().fit(X_tr)
X_tr = torch.tensor(scaler.transform(X_tr), dtype=torch.float32)
X_te = torch.tensor(scaler.transform(X_te), dtype=torch.float32)
y_tr = torch.tensor(y_tr)


class AlarmNet(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 12), nn.Tanh())
        self.out = nn.Linear(12, n_out)

    def forward(self, x):
        return self.out(self.body(x))


net = AlarmNet(X_tr.shape[1], len(STATES))
counts = torch.bincount(y_tr, minlength=len(STATES))
print("training examples per state:", dict(zip(STATES, counts.tolist())))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)

for epoch in range(12):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(X_tr)).split(100):
        optimizer.zero_grad()
        loss = criterion(net(X_tr[idx]), y_tr[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    net.eval()
    with torch.no_grad():
        pred = net(X_te).argmax(1).numpy()
    print(f"epoch {epoch + 1:2d}: loss {total / len(X_tr):.4f}, accuracy {(pred == y_te).mean():.4f}")

print(confusion_matrix(y_te, pred))
print(f"balanced accuracy {balanced_accuracy_score(y_te, pred):.4f}")
