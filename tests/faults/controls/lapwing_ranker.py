"""Learn a preference score from pairwise comparisons only: P(a beats b) = sigmoid(s(a) - s(b))."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class Comparisons(Dataset):
    """Pairs (winner, loser); judges are inconsistent when two sites are about as good."""

    def __init__(self, n, features, merit, gen):
        a = torch.randint(len(features), (n,), generator=gen)
        b = (a + torch.randint(1, len(features), (n,), generator=gen)) % len(features)
        a_wins = torch.rand(n, generator=gen) < torch.sigmoid(merit[a] - merit[b])
        self.win, self.lose = torch.where(a_wins, a, b), torch.where(a_wins, b, a)
        self.features = features

    def __len__(self):
        return len(self.win)

    def __getitem__(self, i):
        return self.features[self.win[i]], self.features[self.lose[i]]


class Scorer(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(n_in, 24), nn.Softplus(), nn.Linear(24, 1, bias=False))

    def forward(self, x):
        return self.f(x).squeeze(-1)


def pair_loss(scorer, win, lose):
    return -F.logsigmoid(scorer(win) - scorer(lose)).mean()


def sites(n, gen):
    x = torch.randn(n, 7, generator=gen)
    merit = x[:, 0] - 0.7 * x[:, 1] ** 2 + 0.8 * x[:, 2] * (x[:, 3] > 0) + 0.5 * x[:, 4]
    return x, merit


torch.manual_seed(50)
gen = torch.Generator().manual_seed(51)
train_x, train_merit = sites(1500, gen)
test_x, test_merit = sites(500, gen)
train = DataLoader(Comparisons(8000, train_x, train_merit, gen), batch_size=100, shuffle=True)
held_out = Comparisons(3000, test_x, test_merit, gen)
win, lose = test_x[held_out.win], test_x[held_out.lose]
scorer = Scorer(7)
optimizer = torch.optim.Adam(scorer.parameters(), lr=5e-3, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: 1 - e / 16)
for epoch in range(16):
    scorer.train()
    losses = []
    for w, l in train:
        loss = pair_loss(scorer, w, l)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    schedule.step()
    scorer.eval()
    with torch.no_grad():
        test_loss = pair_loss(scorer, win, lose).item()
        agree = (scorer(win) > scorer(lose)).float().mean().item()
    print(f"epoch {epoch:2d}  pair loss {sum(losses) / len(losses):.4f}  held-out {test_loss:.4f}  agreement {agree:.4f}")
print(f"agreement with unseen judgements {agree:.4f}")
