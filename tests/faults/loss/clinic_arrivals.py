import numpy as np
import torch
import torch.nn as nn
from torch.distributions import Poisson
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(21)
rng = np.random.default_rng(21)

# hour of day, weekday, temperature anomaly, flu index, public holiday
N = 5000
hour = rng.integers(0, 24, N)
day = rng.integers(0, 7, N)
temp = rng.normal(size=N)
flu = rng.normal(size=N)
holiday = (rng.random(N) < 0.15).astype(float)
log_rate = (1.2 + 0.9 * np.sin(2 * np.pi * (hour - 6) / 24) + 0.25 * (day == 0) - 0.3 * (day >= 5)
            + 0.35 * flu - 0.2 * temp * (temp > 0) - 0.4 * holiday)
arrivals = rng.poisson(np.exp(log_rate))

features = np.stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24),
                     np.sin(2 * np.pi * day / 7), np.cos(2 * np.pi * day / 7),
                     temp, flu, (holiday - holiday.mean()) / holiday.std()], axis=1)
data = TensorDataset(torch.tensor(features, dtype=torch.float32), torch.tensor(arrivals, dtype=torch.float32))
train_set, test_set = random_split(data, [4000, 1000])


class ArrivalRate(nn.Module):
    def __init__(self, n_in=7, width=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, width)
        self.fc2 = nn.Linear(width, width)
        self.rate = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return nn.functional.softplus(self.rate(x)).squeeze(1) + 1e-4


def evaluate(model, dataset):
    model.eval()
    x, y = zip(*dataset)
    x, y = torch.stack(x), torch.stack(y)
    with torch.no_grad():
        rate = model(x)
    return (rate - y).abs().mean().item(), Poisson(rate).log_prob(y).mean().item()


model = ArrivalRate()
optimizer = torch.optim.RMSprop(model.parameters(), lr=4e-3)
loader = DataLoader(train_set, batch_size=100, shuffle=True)

for epoch in range(1, 17):
    model.train()
    for x, y in loader:
        loss = Poisson(model(x)).log_prob(y).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 2 == 0:
        mae, ll = evaluate(model, test_set)
        print(f"[{epoch:02d}] batch loss {loss.item():.3f} | test MAE {mae:.3f} log-likelihood {ll:.3f}")

mae, ll = evaluate(model, test_set)
print(f"test MAE (patients per hour): {mae:.4f}")
