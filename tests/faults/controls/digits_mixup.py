import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)
ALPHA = 0.4

X, y = load_digits(return_X_y=True)
X = torch.tensor(X / 16 - 0.3, dtype=torch.float32)
X_tr, X_te, y_tr, y_te = train_test_split(X, torch.tensor(y), test_size=0.2, random_state=2)
loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def mixup(x, t):
    lam = np.random.beta(ALPHA, ALPHA)
    perm = torch.randperm(len(x))
    return lam * x + (1 - lam) * x[perm], t, t[perm], lam


for epoch in range(18):
    model.train()
    total = 0.0
    for x, t in loader:
        x, ta, tb, lam = mixup(x, t)
        out = model(x)
        loss = lam * criterion(out, ta) + (1 - lam) * criterion(out, tb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    model.eval()
    with torch.no_grad():
        out = model(X_te)
    print(
        f"epoch {epoch + 1} | mixed loss {total / len(X_tr):.3f} | "
        f"clean loss {criterion(out, y_te):.3f} | accuracy {(out.argmax(1) == y_te).float().mean():.4f}"
    )
