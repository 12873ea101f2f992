import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)

# two superposed oscillations with a little noise, predict the next sample
t = np.arange(1600)
series = np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 11 + 1.0) + 0.05 * rng.standard_normal(len(t))
series = (series - series[:1200].mean()) / series[:1200].std()

window = 20
inputs = np.stack([series[i:i + window] for i in range(len(series) - window)])
inputs = torch.tensor(inputs, dtype=torch.float32).unsqueeze(-1)
targets = torch.tensor(series[window:], dtype=torch.float32).unsqueeze(-1)
train_x, train_y = inputs[:1180], targets[:1180]
test_x, test_y = inputs[1200:], targets[1200:]


class Forecaster(nn.Module):
    def __init__(self, hidden_size=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.linear(out[:, -1])


model = Forecaster()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(25):
    model.train()
    optimizer.zero_grad()
    permutation = torch.randperm(len(train_x))
    epoch_loss = 0.0
    for start in range(0, len(train_x), 59):
        batch = permutation[start:start + 59]
        loss = criterion(model(train_x[batch]), train_y[batch])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(batch)
    if epoch % 4 == 0:
        print(f"epoch {epoch:>2}: train mse {epoch_loss / len(train_x):.4f}")

model.eval()
with torch.no_grad():
    print(f"test mse: {criterion(model(test_x), test_y).item():.4f}")
