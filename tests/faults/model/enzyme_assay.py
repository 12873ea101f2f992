import torch
import torch.nn as nn
from sklearn.datasets import make_regression

torch.manual_seed(6)
X, y = make_regression(n_samples=520, n_features=25, n_informative=12, noise=90.0, random_state=4)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
X_tr, y_tr = X[:120], y[:120]
X_va, y_va = X[120:320], y[120:320]
X_te, y_te = X[320:], y[320:]
xm, xs, ym, ys = X_tr.mean(0), X_tr.std(0), y_tr.mean(), y_tr.std()
X_tr, X_va, X_te = [(a - xm) / xs for a in (X_tr, X_va, X_te)]
y_tr, y_va, y_te = [(a - ym) / ys for a in (y_tr, y_va, y_te)]


class AssayNet(nn.Module):
    def __init__(self, n, width=96):
        super().__init__()
        self.fc1 = nn.Linear(n, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 1)
        self.act = nn.ELU()

    def forward(self, x):
        x = self.act(self.fc1(x))
        x = self.act(self.fc2(x))
        return self.fc3(x).squeeze(1)


model = AssayNet(X.shape[1])
optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
loss_fn = nn.MSELoss()


@torch.no_grad()
def mse(x, y):
    model.eval()
    return loss_fn(model(x), y).item()


def stop(history):
    return len(history) >= 300


history = []
while not stop(history):
    model.train()
    for idx in torch.randperm(len(X_tr)).split(24):
        optimizer.zero_grad()
        loss = loss_fn(model(X_tr[idx]), y_tr[idx])
        loss.backward()
        optimizer.step()
    history.append(mse(X_va, y_va))
    if len(history) % 10 == 0:
        print(f"epoch {len(history)}: train {mse(X_tr, y_tr):.4f} valid {history[-1]:.4f}")
print(f"test mse {mse(X_te, y_te):.4f}")
