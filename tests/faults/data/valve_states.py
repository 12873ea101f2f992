"""Classify the state of a hydraulic valve from one-minute sensor summaries."""
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

N_SENSORS, N_STATES = 10, 5


def read_log(n, seed, outage_from=None):
    r = np.random.default_rng(seed)
    signature = np.random.default_rng(500).normal(size=(N_STATES, N_SENSORS))
    state = r.integers(0, N_STATES, n)
    frame = pd.DataFrame(signature[state] + r.normal(size=(n, N_SENSORS)))
    if outage_from is not None:
        lost = outage_from + r.choice(n - outage_from, size=60, replace=False)
        frame.iloc[lost, r.integers(0, N_SENSORS)] = np.nan
    return frame, pd.Series(state, name="state")


def prepare():
    readings, states = read_log(3000, seed=1, outage_from=250)
    readings = readings.dropna().reset_index(drop=True)
    states = states.iloc[:len(readings)]
    test_readings, test_states = read_log(1000, seed=2)
    mu, sigma = readings.mean(), readings.std()
    to_x = lambda f: torch.tensor(((f - mu) / sigma).to_numpy(), dtype=torch.float32)
    return (to_x(readings), torch.tensor(states.to_numpy())), (to_x(test_readings), torch.tensor(test_states.to_numpy()))


class ValveNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(N_SENSORS, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(hidden, N_STATES)

    def forward(self, x):
        return self.head(self.body(x))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).double().mean().item()


torch.manual_seed(1)
(x_train, y_train), (x_test, y_test) = prepare()
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True, drop_last=True)
model = ValveNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
for epoch in range(12):
    model.train()
    epoch_loss = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    print(f"epoch {epoch:2d}  loss {epoch_loss / len(loader):.4f}  train acc {evaluate(model, x_train, y_train):.3f}"
          f"  test acc {evaluate(model, x_test, y_test):.4f}")
