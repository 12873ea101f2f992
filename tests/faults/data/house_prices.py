import torch
from sklearn.datasets import make_friedman1
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = make_friedman1(n_samples=1500, n_features=6, noise=0.4, random_state=2)
X = torch.tensor((X - 0.5) / 0.29, dtype=torch.float32)
price = torch.tensor(y * 9.0 + 60.0, dtype=torch.float32).unsqueeze(1)  # thousands
X_train, X_test, p_train, p_test = X[:1200], X[1200:], price[:1200], price[1200:]

shift, scale = 0.0, 1.0
train_ds = TensorDataset(X_train, (p_train - shift) / scale)
loader = DataLoader(train_ds, batch_size=32, shuffle=True)


class PriceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 1)

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        h = torch.relu(self.fc2(h))
        return self.fc3(h)


def r2(model):
    model.eval()
    with torch.no_grad():
        guess = model(X_test) * scale + shift
    return 1 - ((guess - p_test) ** 2).mean().item() / p_test.var(unbiased=False).item()


model = PriceNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    model.train()
    for xb, yb in loader:
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1}: R2 on unseen houses {r2(model):.4f}")
