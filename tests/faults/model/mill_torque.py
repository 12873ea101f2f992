"""Torque of a rolling mill from process variables: a deep residual MLP."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)


class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.Identity()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)
        for fc in (self.fc1, self.fc2):
            nn.init.kaiming_normal_(fc.weight, nonlinearity="relu")
            nn.init.zeros_(fc.bias)

    def forward(self, x):
        return x + self.fc2(F.relu(self.fc1(self.norm(x))))


class TorqueNet(nn.Module):
    def __init__(self, n_in, width=40, depth=12):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList([ResidualBlock(width) for _ in range(depth)])
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x).squeeze(-1)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        return F.mse_loss(model(x), y).item()


X, y = make_friedman1(n_samples=4500, n_features=8, noise=1.0, random_state=6)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2, random_state=6)
xm, xs, ym, ys = X_train.mean(0), X_train.std(0), y_train.mean(), y_train.std()
X_train, X_val = [torch.tensor((a - xm) / xs).float() for a in (X_train, X_val)]
y_train, y_val = [torch.tensor((a - ym) / ys).float() for a in (y_train, y_val)]

loader = DataLoader(TensorDataset(X_train, y_train), batch_size=60, shuffle=True)
model = TorqueNet(X_train.shape[1])
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)

for epoch in range(12):
    model.train()
    total = 0.0
    for x, t in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), t)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    scheduler.step()
    print(f"epoch {epoch + 1}: train {total / len(X_train):.4f}  val {evaluate(model, X_val, y_val):.4f}")
print(f"validation MSE: {evaluate(model, X_val, y_val):.4f}")
