import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(6)
rng = np.random.default_rng(6)
USERS, FILMS, K = 160, 120, 4

taste = rng.normal(size=(USERS, 3))
genre = rng.normal(size=(FILMS, 3))
true = 0.45 * taste @ genre.T + 0.3 * rng.normal(size=(USERS, 1)) + 0.3 * rng.normal(size=(1, FILMS))
u, f = np.nonzero(rng.random((USERS, FILMS)) < 0.55)
rating = true[u, f] + 0.25 * rng.normal(size=len(u))
rating = (rating - rating.mean()) / rating.std()

order = rng.permutation(len(u))
cut = int(0.8 * len(u))
tr, te = order[:cut], order[cut:]
user, film = torch.tensor(u), torch.tensor(f)
rating = torch.tensor(rating, dtype=torch.float32)


class Factors(nn.Module):
    def __init__(self, n_users, n_films, k):
        super().__init__()
        self.user_vec = nn.Embedding(n_users, k)
        self.film_vec = nn.Embedding(n_films, k)
        self.user_bias = nn.Embedding(n_users, 1)
        self.film_bias = nn.Embedding(n_films, 1)
        for emb in (self.user_vec, self.film_vec):
            nn.init.constant_(emb.weight, 0.1)
        for emb in (self.user_bias, self.film_bias):
            nn.init.zeros_(emb.weight)

    def forward(self, user, film):
        dot = (self.user_vec(user) * self.film_vec(film)).sum(dim=1)
        return dot + self.user_bias(user).squeeze(1) + self.film_bias(film).squeeze(1)


model = Factors(USERS, FILMS, K)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.MSELoss()
tr, te = torch.tensor(tr), torch.tensor(te)
print(f"{len(tr)} ratings to train on, {len(te)} held out")

for epoch in range(18):
    model.train()
    total = 0.0
    for b in tr[torch.randperm(len(tr))].split(128):
        pred = model(user[b], film[b])
        penalty = 0.01 * (model.user_vec(user[b]) ** 2 + model.film_vec(film[b]) ** 2).sum(1).mean()
        loss = criterion(pred, rating[b])
        optimizer.zero_grad()
        (loss + penalty).backward()
        optimizer.step()
        total += loss.item() * len(b)
    model.eval()
    with torch.no_grad():
        held = criterion(model(user[te], film[te]), rating[te]).item()
    if epoch % 2 == 0:
        print(f"epoch {epoch:2d}  train mse {total / len(tr):.4f}  held-out mse {held:.4f}")

print(f"held-out MSE: {held:.4f}")
