import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(50)


class RatioNet(nn.Module):
    def __init__(self, n_in=6, width=64):
        super().__init__()
        self.l1 = nn.Linear(n_in, width)
        self.l2 = nn.Linear(width, width)
        self.l3 = nn.Linear(width, 1)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.l3(self.act(self.l2(self.act(self.l1(x)))))


def gearbox(n):
    x = torch.rand(n, 6) * 2 - 1
    y = torch.sin(3 * x[:, 0] + 1.5 * x[:, 1]) + x[:, 2] * x[:, 3] + torch.cos(4 * x[:, 4]) * x[:, 5]
    y = y + 0.25 * torch.randn(n)
    return x / x.std(0), ((y - y.mean()) / y.std()).unsqueeze(1)


x, y = gearbox(4000)
x_tr, y_tr, x_va, y_va = x[:3200], y[:3200], x[3200:], y[3200:]
loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=64, shuffle=True)

n_epochs = 3
model = RatioNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loss_fn = nn.MSELoss()

for epoch in range(n_epochs):
    model.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * xb.size(0)
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(x_va), y_va).item()
    print(f"epoch {epoch + 1}/{n_epochs}: train {total / len(x_tr):.4f} val {val:.4f}")

print(f"validation loss {val:.4f}")
