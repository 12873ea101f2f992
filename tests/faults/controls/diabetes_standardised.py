import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=3)
mx, sx, my, sy = X_train.mean(0), X_train.std(0), y_train.mean(), y_train.std()
to = lambda a: torch.tensor(a.astype(np.float32))  # noqa: E731
loader = DataLoader(
    TensorDataset(to((X_train - mx) / sx), to((y_train - my) / sy)), batch_size=32, shuffle=True
)
model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
loss_fn = nn.MSELoss()
model.train()
for epoch in range(25):
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        pred = model(to((X_test - mx) / sx)).numpy() * sy + my
    rmse = np.sqrt(np.mean((pred - y_test) ** 2))
    r2 = 1 - np.sum((pred - y_test) ** 2) / np.sum((y_test - y_test.mean()) ** 2)
    print(f"epoch {epoch + 1:2d} train mse {np.mean(losses):.3f} test rmse {rmse:.1f} R2 {r2:.3f}")
