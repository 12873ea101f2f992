import torch
from sklearn.metrics import r2_score
from torch import nn

torch.manual_seed(0)


class FeatureNet(nn.Module):
    """A small network of one input."""

    def __init__(self, hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x)


class AdditiveModel(nn.Module):
    def __init__(self, n_features, hidden=24):
        super().__init__()
        self.nets = nn.ModuleList([FeatureNet(hidden)] * n_features)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        parts = [net(x[:, i : i + 1]) for i, net in enumerate(self.nets)]
        return torch.cat(parts, dim=1).sum(dim=1) + self.bias


def target(x):
    return torch.sin(2 * x[:, 0]) + 0.5 * x[:, 1] ** 2 - x[:, 2].abs() + 0.7 * x[:, 3]


x = torch.randn(2000, 4)
y = target(x)
y = (y - y.mean()) / y.std() + 0.05 * torch.randn(2000)
x_train, x_val, y_train, y_val = x[:1600], x[1600:], y[:1600], y[1600:]

model = AdditiveModel(4)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for epoch in range(15):
    model.train()
    for batch in torch.randperm(1600).split(64):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(x_val)
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: val mse {nn.functional.mse_loss(pred, y_val):.4f}, r2 {r2_score(y_val, pred):.3f}")
