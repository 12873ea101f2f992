import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)

t = np.arange(1500)
series = np.sin(0.13 * t) + 0.5 * np.sin(0.041 * t + 1) + 0.05 * rng.standard_normal(1500)
split = 1200
mean, std = series[:split].mean(), series[:split].std()
series = (series - mean) / std


def windows(s, length=24):
    x = np.stack([s[i : i + length] for i in range(len(s) - length)])
    return torch.tensor(x[..., None], dtype=torch.float32), torch.tensor(s[length:, None], dtype=torch.float32)


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.out(h[:, -1])


x_train, y_train = windows(series[:split])
x_test, y_test = windows(series[split:])
model = Forecaster()
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(8):
    model.train()
    for idx in torch.randperm(len(x_train)).split(56):
        optimizer.zero_grad()
        loss = loss_fn(model(x_train[idx]), y_train[idx])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        rmse = loss_fn(model(x_test), y_test).sqrt().item() * std
    print(f"epoch {epoch}: test RMSE {rmse:.4f} (noise 0.05)")
