import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)

data = load_wine()
X_train, X_test, y_train, y_test = train_test_split(
    data.data, data.target, test_size=0.3, stratify=data.target, random_state=3)
scaler = StandardScaler().fit(X_train)
X_train = torch.tensor(scaler.transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
y_train = torch.tensor(y_train)
y_test = torch.tensor(y_test)


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.1)
        nn.init.zeros_(m.bias)


class WineNet(nn.Module):
    def __init__(self, n_in=13, n_hidden=24, n_out=3):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_out)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


net = WineNet()
net.apply(init_weights)
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=16, shuffle=True)

for epoch in range(1, 41):
    net.train()
    total = 0.0
    for xb, yb in loader:
        optim.zero_grad()
        loss = loss_fn(net(xb), yb)
        loss.backward()
        optim.step()
        total += loss.item() * len(xb)
    if epoch % 5 == 0:
        net.eval()
        with torch.no_grad():
            out = net(X_test)
            val = loss_fn(out, y_test).item()
            acc = (out.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch:3d}  train loss {total / len(X_train):.4f}  test loss {val:.4f}  test acc {acc:.3f}")

print(f"final test loss: {val:.4f}")
