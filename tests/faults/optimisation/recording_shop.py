import torch
import torch.nn as nn

torch.manual_seed(40)

N_USERS, N_RECORDS, RANK = 150, 120, 4

taste = torch.randn(N_USERS, RANK)
style = torch.randn(N_RECORDS, RANK)
user = torch.randint(0, N_USERS, (14000,))
record = torch.randint(0, N_RECORDS, (14000,))
price = torch.rand(14000)
season = torch.rand(14000)
rating = ((taste[user] * style[record]).sum(1) / RANK ** 0.5
          - 1.2 * (price - 0.5) + 0.8 * torch.sin(6.28 * season) + 0.3 * torch.randn(14000))
cut = 11500
mean, std = rating[:cut].mean(), rating[:cut].std()
rating = (rating - mean) / std
side = torch.stack([(price - 0.5) / 0.29, torch.sin(6.28 * season), torch.cos(6.28 * season)], 1)


class Embeddings(nn.Module):
    def __init__(self, dim=6):
        super().__init__()
        self.user = nn.Embedding(N_USERS, dim, sparse=True)
        self.record = nn.Embedding(N_RECORDS, dim, sparse=True)
        nn.init.normal_(self.user.weight, std=0.4)
        nn.init.normal_(self.record.weight, std=0.4)

    def forward(self, u, r):
        return self.user(u), self.record(r)


class Ranker(nn.Module):
    def __init__(self, dim=6, side_dim=3):
        super().__init__()
        self.mix = nn.Linear(dim, 1)
        self.context = nn.Sequential(nn.Linear(side_dim, 16), nn.ReLU(), nn.Linear(16, 1))
        nn.init.ones_(self.mix.weight)

    def forward(self, eu, er, s):
        return (self.mix(eu * er) + self.context(s)).squeeze(1)


embeddings, ranker = Embeddings(), Ranker()
sparse_opt = torch.optim.SparseAdam(list(embeddings.parameters()), lr=1e-2)
dense_opt = torch.optim.AdamW(ranker.parameters(), lr=3e-3, weight_decay=1e-3)
mse = nn.MSELoss()


def predict(idx):
    eu, er = embeddings(user[idx], record[idx])
    return ranker(eu, er, side[idx])


for epoch in range(11):
    perm = torch.randperm(cut)
    total = 0.0
    for start in range(0, cut, 100):
        idx = perm[start:start + 100]
        loss = mse(predict(idx), rating[idx])
        sparse_opt.zero_grad()
        dense_opt.zero_grad()
        loss.backward()
        dense_opt.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        held = mse(predict(torch.arange(cut, len(rating))), rating[cut:]).item()
    print(f"epoch {epoch}: train mse {total / cut:.4f}, held-out mse {held:.4f}")

print(f"held-out MSE: {held:.4f}")
