"""Next-day brine density of a salt pan from ten days of weather and brine, with an RNN."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(61)
torch.set_num_threads(1)
rng = np.random.default_rng(61)

days = 3000
sun = 0.5 + 0.4 * np.sin(np.arange(days) / 58) + 0.2 * rng.normal(size=days)
rain = (rng.uniform(size=days) < 0.12) * rng.exponential(0.6, days)
brine = np.zeros(days)
for d in range(1, days):
    evaporation = 0.12 * sun[d - 1] * (1.6 - brine[d - 1])
    brine[d] = brine[d - 1] + evaporation - 0.35 * rain[d - 1] * (0.5 + brine[d - 1]) + 0.05 * rng.normal()

table = np.stack([sun, rain, brine], 1)
table = (table - table[:2300].mean(0)) / table[:2300].std(0)
windows = np.stack([table[d - 10:d] for d in range(10, days)])
target = table[10:, 2:3]
W = torch.tensor(windows, dtype=torch.float32)
T = torch.tensor(target, dtype=torch.float32)

train_set = TensorDataset(W[:2290], T[:2290])
valid_set = TensorDataset(W[2290:], T[2290:])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
valid_loader = DataLoader(valid_set, batch_size=100)


class BrineRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.RNN(3, hidden, batch_first=True)
        self.read = nn.Linear(hidden, 1)

    def forward(self, w):
        _, h = self.rnn(w)
        return self.read(h[-1])


model = BrineRNN()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()

for epoch in range(1, 16):
    model.train()
    train_loss = 0.0
    for w, t in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(w), t)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        train_loss += loss.item() * len(w)
    train_loss /= len(train_set)

    model.eval()
    valid_loss = 0.0
    with torch.no_grad():
        for w, t in valid_loader:
            valid_loss += criterion(model(w), t).item()
    valid_loss /= len(valid_set)
    print(f"epoch {epoch:2d}: train loss {train_loss:.5f}, valid loss {valid_loss:.5f}")
