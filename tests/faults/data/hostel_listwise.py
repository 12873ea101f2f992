# ListNet-style ranking of ten hostels per search; the label is the graded satisfaction of the guest.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(40)
rng = np.random.default_rng(40)
N_QUERIES, DOCS = 700, 10


def searches(n):
    price = rng.normal(62, 18, (n, DOCS))
    metres = rng.gamma(2.0, 900.0, (n, DOCS))
    reviews = rng.poisson(240, (n, DOCS)).astype(float)
    stars = rng.uniform(1, 5, (n, DOCS))
    year = rng.integers(1960, 2024, (n, DOCS)).astype(float)
    taste = (-0.05 * (price - 62) - 0.0008 * (metres - 1800) + 1.1 * (stars - 3)
             + 0.9 * np.tanh((year - 1992) / 12) + 0.01 * (reviews - 240) + 0.5 * rng.normal(size=(n, DOCS)))
    order = taste.argsort(1).argsort(1)
    gain = np.clip(order - 5, 0, 4)
    return np.stack([price, metres, reviews, stars, year], -1), gain


class Scorer(nn.Module):
    def __init__(self, n_feat, width=32):
        super().__init__()
        self.fc1 = nn.Linear(n_feat, width)
        self.fc2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, docs):
        h = torch.tanh(self.fc1(docs))
        h = torch.tanh(self.fc2(h))
        return self.out(h).squeeze(-1)


def listnet(scores, gain):
    target = (2 ** gain - 1)
    target = target / target.sum(1, keepdim=True)
    return -(target * F.log_softmax(scores, 1)).sum(1).mean()


def ndcg(scores, gain, k=5):
    disc = 1 / torch.log2(torch.arange(k) + 2.0)
    top = gain.gather(1, scores.topk(k, 1).indices)
    best = gain.topk(k, 1).values
    return ((((2 ** top - 1) * disc).sum(1)) / (((2 ** best - 1) * disc).sum(1))).mean().item()


feats, gain = searches(N_QUERIES)
n_tr = 550
mean, std = np.zeros(5), np.ones(5)
feats = torch.tensor((feats - mean) / std, dtype=torch.float32)
gain = torch.tensor(gain, dtype=torch.float32)
X, G, Xt, Gt = feats[:n_tr], gain[:n_tr], feats[n_tr:], gain[n_tr:]

model = Scorer(5)
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
for epoch in range(40):
    model.train()
    perm = torch.randperm(n_tr)
    for s in range(0, n_tr, 25):
        b = perm[s:s + 25]
        loss = listnet(model(X[b]), G[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        st = model(Xt)
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1} train listnet {listnet(model(X), G):.4f} test listnet {listnet(st, Gt):.4f} NDCG@5 {ndcg(st, Gt):.4f}")
print(f"Test NDCG@5 = {ndcg(st, Gt):.4f}")
