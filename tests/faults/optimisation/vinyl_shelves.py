"""Ratings of second-hand records: big sparse tables for listeners and records, a dense tower on top."""
import numpy as np
import torch
import torch.nn as nn

LISTENERS, RECORDS, DIM = 160, 220, 8


def ratings(seed, n=9000):
    rng = np.random.default_rng(seed)
    taste = rng.normal(0, 1, (LISTENERS, 3))
    style = rng.normal(0, 1, (RECORDS, 3))
    mood, fame = rng.normal(0, 0.6, LISTENERS), rng.normal(0, 0.7, RECORDS)
    u = rng.integers(0, LISTENERS, n)
    r = rng.integers(0, RECORDS, n)
    wear = rng.uniform(0, 1, n)
    stars = 0.1 * (taste[u] * style[r]).sum(1) + mood[u] + fame[r] - 1.2 * (wear - 0.5) + rng.normal(0, 0.3, n)
    stars = (stars - stars.mean()) / stars.std()
    return (torch.from_numpy(u), torch.from_numpy(r),
            torch.from_numpy(wear * 2 - 1).float()[:, None], torch.from_numpy(stars).float())


class Shelves(nn.Module):
    def __init__(self):
        super().__init__()
        self.listener = nn.Embedding(LISTENERS, DIM, sparse=True)
        self.record = nn.Embedding(RECORDS, DIM, sparse=True)
        for table in (self.listener, self.record):
            nn.init.normal_(table.weight, std=0.3)
        self.tower = nn.Sequential(nn.Linear(3 * DIM + 1, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, r, wear):
        a, b = self.listener(u), self.record(r)
        return self.tower(torch.cat([a, b, a * b, wear], dim=1)).squeeze(1)


class Trainer:
    def __init__(self, model, data, batch=128, epochs=14):
        self.model, self.batch, self.epochs = model, batch, epochs
        cut = int(0.85 * len(data[0]))
        self.train_part = [t[:cut] for t in data]
        self.test_part = [t[cut:] for t in data]
        self.table_opt = torch.optim.SparseAdam(
            [model.listener.weight, model.record.weight], lr=4e-3)
        self.dense_opt = torch.optim.Adam(model.tower.parameters(), lr=2e-3)
        self.loss = nn.MSELoss()

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for idx in torch.randperm(len(self.train_part[0])).split(self.batch):
            u, r, wear, stars = (t[idx] for t in self.train_part)
            self.table_opt.zero_grad()
            self.dense_opt.zero_grad()
            loss = self.loss(self.model(u, r, wear), stars)
            loss.backward()
            self.dense_opt.step()
            total += loss.item() * len(idx)
        return total / len(self.train_part[0])

    @torch.no_grad()
    def rmse(self):
        self.model.eval()
        u, r, wear, stars = self.test_part
        return self.loss(self.model(u, r, wear), stars).sqrt().item()

    def fit(self):
        for epoch in range(self.epochs):
            train = self.train_epoch()
            for opt in (self.table_opt, self.dense_opt):
                for group in opt.param_groups:
                    group["lr"] *= 0.85
            print(f"epoch {epoch + 1:2d} train mse {train:.4f} test rmse {self.rmse():.4f}")


if __name__ == "__main__":
    torch.manual_seed(30)
    trainer = Trainer(Shelves(), ratings(30))
    trainer.fit()
    print(f"rmse on held-out ratings: {trainer.rmse():.4f}")
