"""90 % upper quantile of tomorrow's tide residual from the last 24 readings (LSTM, pinball loss)."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(13)
rng = np.random.default_rng(13)
WINDOW, Q = 24, 0.9

steps = np.arange(4000)
level = np.sin(2 * np.pi * steps / 12.4) + 0.6 * np.sin(2 * np.pi * steps / 29.5)
noise = np.zeros(len(steps))
for i in range(1, len(steps)):
    noise[i] = 0.7 * noise[i - 1] + 0.18 * rng.normal()
series = level + noise
cut = 3200
series = (series - series[:cut].mean()) / series[:cut].std()


def windows(values):
    xs = np.stack([values[i:i + WINDOW] for i in range(len(values) - WINDOW)])
    ys = values[WINDOW:]
    return torch.tensor(xs, dtype=torch.float32).unsqueeze(-1), torch.tensor(ys, dtype=torch.float32)


train_x, train_y = windows(series[:cut])
valid_x, valid_y = windows(series[cut:])


class TideLSTM(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.linear(h[-1])


def pinball(pred, target, q=Q):
    err = target - pred
    return torch.maximum(q * err, (q - 1) * err).mean()


net = TideLSTM()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.3)

for epoch in range(20):
    net.train()
    order = torch.randperm(len(train_x))
    losses = []
    for idx in order.split(64):
        optimizer.zero_grad()
        pred = net(train_x[idx])
        loss = pinball(pred, train_y[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    net.eval()
    with torch.no_grad():
        val = pinball(net(valid_x).squeeze(), valid_y).item()
    print(f"epoch {epoch + 1:2d}/20 train pinball {np.mean(losses):.4f} valid pinball {val:.4f}")
