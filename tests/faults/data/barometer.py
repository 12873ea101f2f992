"""Will it rain tomorrow?  GRU over five days of hourly-averaged station readings."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(30)
rng = np.random.default_rng(30)
DAYS, STEPS = 2600, 20


def station(n):
    """pressure (hPa), temperature (C), humidity (%) for n stretches of STEPS readings"""
    slope = rng.normal(0, 1, n)
    base = rng.normal(1013, 6, n)
    k = np.linspace(-1, 1, STEPS)
    pressure = base[:, None] + 5 * slope[:, None] * k + rng.normal(0, 1.0, (n, STEPS))
    temp = 12 + 7 * rng.normal(0, 1, (n, 1)) + 3 * np.sin(2 * np.pi * k) + rng.normal(0, 0.7, (n, STEPS))
    wet = rng.normal(0, 1, n)
    humidity = 65 + 9 * wet[:, None] * (1 + 0.3 * k) + rng.normal(0, 3, (n, STEPS))
    rain = (-1.2 * slope + 0.8 * wet) > 0
    return np.stack([pressure, temp, humidity], axis=-1), rain.astype(np.float32)


class RainNet(nn.Module):
    def __init__(self, n_features=3, hidden=20):
        super().__init__()
        self.gru = nn.GRU(n_features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, seq):
        _, h = self.gru(seq)
        return self.fc(h[-1]).squeeze(-1)


readings, rain = station(DAYS)
n_train = 2000
train_x, test_x = readings[:n_train], readings[n_train:]
train_x, test_x = torch.tensor(train_x).float(), torch.tensor(test_x).float()
train_y, test_y = torch.tensor(rain[:n_train]), torch.tensor(rain[n_train:])

model = RainNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5, 0.3)
for epoch in range(12):
    model.train()
    losses = []
    for idx in torch.randperm(n_train).chunk(40):
        loss = criterion(model(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(test_x)
        test_loss = criterion(logits, test_y).item()
        acc = ((logits > 0).float() == test_y).float().mean().item()
    print(f"epoch {epoch:2d} train {np.mean(losses):.4f} test {test_loss:.4f} acc {acc:.4f}")
