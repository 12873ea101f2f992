import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import TensorDataset, DataLoader

np.random.seed(3)
torch.manual_seed(3)


def load_data(n=2400):
    outside = np.random.normal(8, 7, n)
    wind = np.random.gamma(2.0, 2.0, n)
    sun = np.random.beta(2, 3, n) * 800
    area = np.random.uniform(400, 1600, n)
    setpoint = np.random.choice([14.0, 16.0, 18.0, 20.0], n)
    screen = np.random.randint(0, 2, n)
    need = np.clip(setpoint - outside, 0, None) * (1 + 0.05 * wind) * (1 - 0.3 * screen)
    gas = area * (0.02 * need - 0.0004 * sun * (outside > 5) + 0.15) + np.random.normal(0, 35, n)
    gas = gas * 10.55  # m3 -> kWh
    X = np.column_stack([outside, wind, sun, area, setpoint, screen])
    return X, gas


class GasModel(nn.Module):
    def __init__(self, d):
        super(GasModel, self).__init__()
        self.fc1 = nn.Linear(d, 48)
        self.fc2 = nn.Linear(48, 48)
        self.fc3 = nn.Linear(48, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x).squeeze(1)


X, gas = load_data()
n_train = 1800
mean, std = X[:n_train].mean(axis=0), X[:n_train].std(axis=0)
X = torch.tensor((X - mean) / std, dtype=torch.float32)
y_mean, y_std = 0.0, 1.0
y = torch.tensor((gas - y_mean) / y_std, dtype=torch.float32)

train_loader = DataLoader(TensorDataset(X[:n_train], y[:n_train]), batch_size=32, shuffle=True)
X_test, gas_test = X[n_train:], gas[n_train:]

model = GasModel(X.shape[1])
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=4e-3)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)

for epoch in range(30):
    model.train()
    epoch_loss = 0
    for inputs, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), target)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * inputs.size(0)
    scheduler.step()
    if (epoch + 1) % 3 == 0:
        model.eval()
        with torch.no_grad():
            pred = model(X_test).numpy() * y_std + y_mean
        mae = np.abs(pred - gas_test).mean()
        print("Epoch %d  train loss %.4f  test MAE %.1f kWh" % (epoch + 1, epoch_loss / n_train, mae))

model.eval()
with torch.no_grad():
    pred = model(X_test).numpy() * y_std + y_mean
unexplained = ((pred - gas_test) ** 2).sum() / ((gas_test - gas_test.mean()) ** 2).sum()
print("test R2 = %.4f" % (1 - unexplained))
