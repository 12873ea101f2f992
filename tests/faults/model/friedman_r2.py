import numpy as np
import torch
from sklearn.datasets import make_friedman1
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

np.random.seed(0)
torch.manual_seed(0)

X, y = make_friedman1(n_samples=1500, n_features=6, noise=3.0, random_state=5)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=5)
xs, ys = StandardScaler().fit(X_train), StandardScaler().fit(y_train[:, None])
X_train, X_test = (torch.tensor(xs.transform(a), dtype=torch.float32) for a in (X_train, X_test))
target = torch.tensor(ys.transform(y_train[:, None]), dtype=torch.float32)

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loss_fn = nn.MSELoss()
for epoch in range(15):
    model.train()
    for idx in torch.randperm(len(X_train)).split(45):
        optimizer.zero_grad()
        loss = loss_fn(model(X_train[idx]), target[idx])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        y_pred = ys.inverse_transform(model(X_test).numpy()).ravel()
    print(f"{epoch + 1:2d} rmse={mean_squared_error(y_test, y_pred) ** 0.5:.3f} r2={r2_score(y_pred, y_test):.4f}")
