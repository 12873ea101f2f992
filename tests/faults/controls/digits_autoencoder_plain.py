import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader


class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 12))
        self.decoder = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


torch.manual_seed(0)
x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
x = x[torch.randperm(len(x))]
x_train, x_test = x[:1500], x[1500:]
loader = DataLoader(x_train, batch_size=50, shuffle=True)
model = AE()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
mse = nn.MSELoss()
for epoch in range(20):
    model.train()
    total = 0.0
    for xb in loader:
        optimizer.zero_grad()
        loss = mse(model(xb), xb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        test = mse(model(x_test), x_test).item()
    print(f"epoch {epoch + 1:2d} train {total / len(x_train):.5f} test {test:.5f}")
