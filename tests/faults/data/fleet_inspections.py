import torch
from sklearn.datasets import make_regression
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

# 24 readings taken at the yearly inspection -> hours of workshop time
torch.manual_seed(12)
X, y = make_regression(n_samples=8000, n_features=24, n_informative=10, noise=0.0, random_state=12)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
y = y / y.std()
y = y + 0.4 * torch.abs(X[:, 0]) + 0.35 * torch.randn(len(y))
y = (y - y.mean()) / y.std()
data = TensorDataset(X, y)
train_data, test_data = random_split(data, [6400, 1600])
train_loader = DataLoader(train_data, batch_size=512)
test_loader = DataLoader(test_data, batch_size=800)

model = nn.Sequential(nn.Linear(24, 20), nn.ReLU(), nn.Linear(20, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=500, gamma=0.3)

model.train()
running = 0.0
for step in range(1, 1201):
    inputs, targets = next(iter(train_loader))
    loss = loss_fn(model(inputs).squeeze(-1), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    running += loss.item()
    if step % 100 == 0:
        print(f"step {step} loss {running / 100:.4f}")
        running = 0.0

model.eval()
err, n = 0.0, 0
with torch.no_grad():
    for inputs, targets in test_loader:
        err += ((model(inputs).squeeze(-1) - targets) ** 2).sum().item()
        n += len(targets)
print(f"test MSE {err / n:.4f}")
