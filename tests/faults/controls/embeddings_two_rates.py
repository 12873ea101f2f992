# Ratings from user and item embeddings; embeddings and the rest learn at rates of their own
import torch
from torch import nn

torch.manual_seed(0)
USERS, ITEMS, N = 60, 40, 6000
u_true, i_true = torch.randn(USERS, 3), torch.randn(ITEMS, 3)
u = torch.randint(0, USERS, (N,))
i = torch.randint(0, ITEMS, (N,))
r = (u_true[u] * i_true[i]).sum(1) / 1.7 + 0.1 * torch.randn(N)
u_tr, i_tr, r_tr = u[:5000], i[:5000], r[:5000]
u_te, i_te, r_te = u[5000:], i[5000:], r[5000:]


class Recommender(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.users = nn.Embedding(USERS, dim)
        self.items = nn.Embedding(ITEMS, dim)
        self.mlp = nn.Sequential(nn.Linear(3 * dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, i):
        a, b = self.users(u), self.items(i)
        return self.mlp(torch.cat([a, b, a * b], dim=1)).squeeze(1)


model = Recommender()
optimizer = torch.optim.Adam(
    [
        {"params": [*model.users.parameters(), *model.items.parameters()], "lr": 2e-2, "weight_decay": 1e-5},
        {"params": model.mlp.parameters(), "lr": 3e-3},
    ]
)
for epoch in range(10):
    total = 0.0
    for idx in torch.randperm(5000).split(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(u_tr[idx], i_tr[idx]), r_tr[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        test = nn.functional.mse_loss(model(u_te, i_te), r_te).item()
    print(f"epoch {epoch + 1}: train {total / 5000:.4f} test {test:.4f}")
