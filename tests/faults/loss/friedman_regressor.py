import numpy as np
import torch
from sklearn.datasets import make_friedman1
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = make_friedman1(n_samples=1600, n_features=8, noise=0.5, random_state=7)
X_train, X_test, y_train, y_test = X[:1200], X[1200:], y[:1200], y[1200:]
x_scaler = StandardScaler().fit(X_train)
y_scaler = StandardScaler().fit(y_train[:, None])


def to_tensors(X, y):
    return (torch.tensor(x_scaler.transform(X)).float(), torch.tensor(y_scaler.transform(y[:, None])).float())


def block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


train_x, train_y = to_tensors(X_train, y_train)
test_x, test_y = to_tensors(X_test, y_test)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=32, shuffle=True)

model = nn.Sequential(block(8, 64), block(64, 64), nn.Linear(64, 1), nn.ReLU())
mse = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25)

for epoch in range(25):
    model.train()
    epoch_loss = 0
    for features, target in loader:
        prediction = model(features)
        loss = mse(prediction, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * features.size(0)
    scheduler.step()
    if (epoch + 1) % 5 == 0:
        print(f"Epoch [{epoch + 1}/25] MSE: {epoch_loss / len(train_x):.4f}")

model.eval()
with torch.no_grad():
    fitted = y_scaler.inverse_transform(model(test_x).numpy())[:, 0]
print("R2 on the test set:", round(r2_score(y_test, fitted), 4))
