"""Listwise ranking of journal articles for a library search box.

One query = 12 candidate articles with 20 matching features each, relevance grades 0..3.  Trained with the
ListNet cross entropy, judged by NDCG@5.
"""
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

FEATURES, CANDIDATES = 20, 12


class Queries(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        x = torch.randn(n, CANDIDATES, FEATURES, generator=g)
        x[..., 0:4] += 0.5 * torch.randn(n, 1, 4, generator=g)
        match = x[..., 0] * x[..., 1] + 1.3 * torch.relu(x[..., 2] + x[..., 3]) - x[..., 4].abs()
        recency = torch.tanh(2 * x[..., 5]) * (x[..., 6] > 0)
        merit = match + recency + 0.3 * torch.randn(n, CANDIDATES, generator=g)
        place = merit.argsort(1, descending=True).argsort(1)
        self.grade = (3 - place.div(2, rounding_mode="floor")).clamp(min=0).float()
        self.x = x

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, i):
        return self.x[i], self.grade[i]


class Scorer(nn.Module):
    def __init__(self, hidden=96):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(FEATURES, hidden), nn.LayerNorm(hidden), nn.GELU(),
            nn.Linear(hidden, hidden), nn.LayerNorm(hidden), nn.GELU(),
        )
        self.score = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.score(self.layers(x)).squeeze(-1)


def listnet(scores, grade):
    return -(torch.softmax(grade, 1) * torch.log_softmax(scores, 1)).sum(1).mean()


def ndcg_at_5(scores, grade):
    discount = 1 / torch.log2(torch.arange(2.0, 7.0))
    def gain(order):
        return ((2 ** grade.gather(1, order[:, :5]) - 1) * discount).sum(1)
    return (gain(scores.argsort(1, descending=True)) / gain(grade.argsort(1, descending=True))).mean().item()


class Trainer:
    BASE_RATE = 5e-4           # tuned for batches of 1024 queries on the cluster

    def __init__(self, batch_size=24, epochs=8):
        torch.manual_seed(0)
        self.train, self.held = Queries(3200, seed=31), Queries(600, seed=32)
        self.loader = DataLoader(self.train, batch_size=batch_size, shuffle=True)
        self.net = Scorer()
        self.epochs = epochs
        scaled = self.BASE_RATE * batch_size / 1024
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=scaled)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, epochs, eta_min=scaled / 20)

    @torch.no_grad()
    def held_out(self):
        scores = self.net(self.held.x)
        return listnet(scores, self.held.grade).item(), ndcg_at_5(scores, self.held.grade)

    def run(self):
        for epoch in range(self.epochs):
            seen, total = 0, 0.0
            for x, grade in self.loader:
                self.optimizer.zero_grad()
                loss = listnet(self.net(x), grade)
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(x)
                seen += len(x)
            self.schedule.step()
            val, ndcg = self.held_out()
            print(f"epoch {epoch}: listnet train {total / seen:.4f} held-out {val:.4f} ndcg@5 {ndcg:.4f}")
        print(f"done, NDCG@5 = {self.held_out()[1]:.4f}")


if __name__ == "__main__":
    Trainer().run()
