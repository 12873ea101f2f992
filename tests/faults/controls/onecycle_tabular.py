import torch
from torch import nn
from sklearn.datasets import make_friedman2
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)
X, y = make_friedman2(n_samples=2400, noise=40.0, random_state=41)
X = (X - X[:1800].mean(0)) / X[:1800].std(0)
y = (y - y[:1800].mean()) / y[:1800].std()
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)
train_dl = DataLoader(TensorDataset(X[:1800], y[:1800]), batch_size=60, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(4, 40), nn.Linear(40, 40), nn.Linear(40, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.l3(self.act(self.l2(self.act(self.l1(x)))))


epochs = 25
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
scheduler = OneCycleLR(optimizer, max_lr=0.08, steps_per_epoch=len(train_dl), epochs=epochs, pct_start=0.3)
mse = nn.MSELoss()
for epoch in range(epochs):
    model.train()
    total = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        val = mse(model(X[1800:]), y[1800:]).item()
    if epoch % 3 == 0:
        print(f"{epoch:2d} lr {scheduler.get_last_lr()[0]:.5f} train {total / len(train_dl):.4f} val {val:.4f}")
print(f"validation mse {val:.4f}")
