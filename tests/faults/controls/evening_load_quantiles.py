"""Quantile forecast of the evening peak: the 10 %, 50 % and 90 % quantiles from weather and calendar."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(81)
QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def peaks(n):
    temp, cloud, week = torch.randn(n), torch.randn(n), torch.rand(n) * 2 - 1
    mean = 0.45 * torch.tanh(-temp) + 0.2 * torch.cos(3.14 * week)
    spread = 0.5 + 0.35 * torch.sigmoid(2 * cloud)
    heavy_tail = torch.distributions.StudentT(4.0).sample((n,))
    return torch.stack([temp, cloud, week * 1.7], 1), (mean + spread * heavy_tail) / 1.05


class QuantileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 24), nn.ELU(), nn.Linear(24, 24), nn.ELU())
        self.median = nn.Linear(24, 1)
        self.gaps = nn.Linear(24, 2)

    def forward(self, x):
        h = self.trunk(x)
        mid = self.median(h)
        gaps = nn.functional.softplus(self.gaps(h))
        return torch.cat([mid - gaps[:, :1], mid, mid + gaps[:, 1:]], dim=1)


def pinball(pred, y):
    error = y.unsqueeze(1) - pred
    return torch.maximum(QUANTILES * error, (QUANTILES - 1) * error).mean()


x_train, y_train = peaks(8000)
x_test, y_test = peaks(4000)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=160, shuffle=True)
model = QuantileNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1, 13):
    model.train()
    mean_loss = 0.0
    for x, y in loader:
        loss = pinball(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean_loss += loss.item() / len(loader)
    model.eval()
    with torch.no_grad():
        q = model(x_test)
        test_loss = pinball(q, y_test).item()
        coverage = ((y_test > q[:, 0]) & (y_test < q[:, 2])).float().mean().item()
    print(f"epoch {epoch:2d} pinball train {mean_loss:.4f} test {test_loss:.4f} coverage {coverage:.3f}")
print(f"test pinball loss {test_loss:.4f}")
