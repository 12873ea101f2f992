"""Will it rain in the next six hours?  Station records (pressure, temperature, humidity, wind) -> GRU."""
import numpy as np
import torch
import torch.nn as nn

SEED = 5
STEPS = 24


def station_records(n, rng):
    slope = rng.normal(0, 0.25, size=(n, 1))
    hours = np.arange(STEPS)[None, :]
    pressure = 1013 + 6 * rng.normal(size=(n, 1)) + slope * (hours - 12) + 0.5 * rng.normal(size=(n, STEPS))
    temp = 11 + 6 * rng.normal(size=(n, 1)) + 3 * np.sin(hours / 24 * 6.28) + 0.6 * rng.normal(size=(n, STEPS))
    hum_level = rng.normal(size=(n, 1))
    humidity = 70 + 10 * hum_level + 3 * rng.normal(size=(n, STEPS))
    wind = np.abs(4 + 2 * rng.normal(size=(n, 1)) + rng.normal(size=(n, STEPS)))
    x = np.stack([pressure, temp, humidity, wind], axis=-1)
    signal = -slope[:, 0] / 0.25 + 0.9 * hum_level[:, 0] + 0.6 * slope[:, 0] / 0.25 * hum_level[:, 0]
    rain = (signal + 0.25 * rng.normal(size=n) > 0).astype(np.float32)
    return x.astype(np.float32), rain


class RainGRU(nn.Module):
    def __init__(self, n_features, hidden=32):
        super().__init__()
        self.gru = nn.GRU(n_features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.fc(h[-1]).squeeze(-1)


class Trainer:
    def __init__(self, model, lr, batch_size):
        self.model, self.batch_size = model, batch_size
        self.loss_fn = nn.BCEWithLogitsLoss()
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def run_epoch(self, x, y):
        self.model.train()
        losses = []
        for idx in torch.randperm(len(x)).split(self.batch_size):
            self.opt.zero_grad()
            loss = self.loss_fn(self.model(x[idx]), y[idx])
            loss.backward()
            self.opt.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        logits = self.model(x)
        return self.loss_fn(logits, y).item(), ((logits > 0).float() == y).float().mean().item()


rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)
x_train, y_train = station_records(3000, rng)
x_test, y_test = station_records(1000, rng)
mean, std = x_train.mean((0, 1)), x_train.std((0, 1))
x_train, x_test = torch.from_numpy(x_train), torch.from_numpy(x_test)
y_train, y_test = torch.from_numpy(y_train), torch.from_numpy(y_test)

trainer = Trainer(RainGRU(x_train.shape[-1]), lr=2e-3, batch_size=64)
for epoch in range(14):
    train_loss = trainer.run_epoch(x_train, y_train)
    test_loss, acc = trainer.evaluate(x_test, y_test)
    print(f"epoch {epoch}  train_loss={train_loss:.4f}  test_loss={test_loss:.4f}  test_acc={acc:.4f}")
print(f"rain/no rain accuracy {acc:.4f}")
