"""Germination score of seed lots from ten assay readings, residual MLP with dropout."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(23)


class Residual(nn.Module):
    def __init__(self, width, p):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        return x + self.down(self.drop(torch.relu(self.up(self.norm(x)))))


class LotNet(nn.Module):
    def __init__(self, n_in, width=64, p=0.25):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.Sequential(Residual(width, p), Residual(width, p))
        self.drop = nn.Dropout(p)
        self.fc = nn.Linear(width, 1)

    def forward(self, x):
        return self.fc(self.drop(torch.relu(self.blocks(self.stem(x))))).squeeze(1)


def r2_score(model, loader):
    pred, true = [], []
    with torch.no_grad():
        for x, y in loader:
            pred.append(model(x))
            true.append(y)
    pred, true = torch.cat(pred), torch.cat(true)
    return 1 - ((pred - true).pow(2).mean() / true.var(unbiased=False)).item()


X, y = make_friedman1(3000, n_features=10, noise=0.5, random_state=23)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2, random_state=0)
sx, sy = StandardScaler().fit(X_tr), StandardScaler().fit(y_tr[:, None])


def make_loader(a, b, **kw):
    a, b = sx.transform(a), sy.transform(b[:, None])[:, 0]
    return DataLoader(TensorDataset(torch.tensor(a, dtype=torch.float32), torch.tensor(b, dtype=torch.float32)), **kw)


EPOCHS = 25
train_loader = make_loader(X_tr, y_tr, batch_size=50, shuffle=True)
test_loader = make_loader(X_te, y_te, batch_size=250)
model = LotNet(10)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, epochs=EPOCHS, steps_per_epoch=len(train_loader))
criterion = nn.MSELoss()

for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(y)
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1}: train mse {total / len(X_tr):.4f}, test R2 {r2_score(model, test_loader):.4f}")
print(f"test R2 {r2_score(model, test_loader):.4f}")
