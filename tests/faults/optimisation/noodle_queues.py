"""How many people wait at each noodle stall? Poisson regression with embeddings."""
import argparse
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--warmup", type=int, default=100)
parser.add_argument("--seed", type=int, default=3)
args = parser.parse_args()

STALLS, HOURS, DAYS = 24, 14, 7


class QueueCounts(Dataset):
    def __init__(self, n, seed):
        world = np.random.default_rng(77)
        pull = world.normal(0.0, 0.5, STALLS)
        peak = world.uniform(2, 12, STALLS)
        width = world.uniform(1.5, 3.5, STALLS)
        weekend = world.normal(0.3, 0.4, STALLS)
        rng = np.random.default_rng(seed)
        stall = rng.integers(0, STALLS, n)
        hour = rng.integers(0, HOURS, n)
        day = rng.integers(0, DAYS, n)
        weather = rng.normal(0, 1, (n, 3))
        log_rate = 0.8 + pull[stall] + 1.6 * np.exp(-((hour - peak[stall]) / width[stall]) ** 2)
        log_rate += weekend[stall] * (day >= 5) - 0.25 * weather[:, 0] + 0.15 * weather[:, 1] * (hour > 8)
        self.rate = np.exp(log_rate)
        self.cats = torch.from_numpy(np.stack([stall, hour, day], axis=1))
        self.weather = torch.from_numpy(weather).float()
        self.count = torch.from_numpy(rng.poisson(self.rate)).float()

    def __len__(self):
        return len(self.count)

    def __getitem__(self, i):
        return self.cats[i], self.weather[i], self.count[i]


class QueueNet(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.stall = nn.Embedding(STALLS, dim)
        self.hour = nn.Embedding(HOURS, dim)
        self.day = nn.Embedding(DAYS, dim)
        self.body = nn.Sequential(nn.Linear(3 * dim + 3, 64), nn.SiLU(), nn.Linear(64, 32), nn.SiLU())
        self.rate = nn.Linear(32, 1)

    def forward(self, cats, weather):
        parts = [self.stall(cats[:, 0]), self.hour(cats[:, 1]), self.day(cats[:, 2]), weather]
        return self.rate(self.body(torch.cat(parts, dim=1))).squeeze(1)


def deviance(log_rate, count):
    rate = log_rate.exp()
    term = torch.where(count > 0, count * (count.clamp(min=1).log() - log_rate), torch.zeros_like(rate))
    return 2 * (term - (count - rate)).mean()


def score(model, data):
    model.eval()
    with torch.no_grad():
        return deviance(model(data.cats, data.weather), data.count).item()


torch.manual_seed(args.seed)
train, test = QueueCounts(9000, 1), QueueCounts(2500, 2)
loader = DataLoader(train, args.batch_size, shuffle=True, generator=torch.Generator().manual_seed(9))
model = QueueNet()
criterion = nn.PoissonNLLLoss(log_input=True)
optimizer = torch.optim.Adagrad(model.parameters(), lr=args.lr)
total_steps = args.epochs * len(loader) + 1
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / args.warmup) * (1 - s / total_steps))

for epoch in range(args.epochs):
    model.train()
    running, seen = 0.0, 0
    for cats, weather, count in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(cats, weather), count)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item() * len(count)
        seen += len(count)
    print(f"[{epoch + 1:02d}/{args.epochs}] train nll {running / seen:8.4f} | held-out deviance {score(model, test):.4f}")

best = deviance(torch.from_numpy(np.log(test.rate)).float(), test.count).item()
print(f"deviance of the true rates: {best:.4f}")
print(f"final held-out deviance: {score(model, test):.4f}")
