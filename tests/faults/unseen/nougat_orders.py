"""Rating model for a confectioner's web shop: sparse customer and item tables, a small dense mixer."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(21)
torch.set_num_threads(1)

CUSTOMERS, ITEMS, DIM = 300, 120, 8

taste = torch.randn(CUSTOMERS, 3)
flavour = torch.randn(ITEMS, 3)
popularity = 0.6 * torch.randn(ITEMS)


def draw_orders(n):
    who = torch.randint(0, CUSTOMERS, (n,))
    what = torch.randint(0, ITEMS, (n,))
    liking = (taste[who] * flavour[what]).sum(1) / 3 ** 0.5 + popularity[what]
    return who, what, liking + 0.3 * torch.randn(n)


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.customer = nn.Embedding(CUSTOMERS, DIM, sparse=True)
        self.item = nn.Embedding(ITEMS, DIM, sparse=True)
        nn.init.normal_(self.customer.weight, std=0.3)
        nn.init.normal_(self.item.weight, std=0.3)
        self.dense = nn.Sequential(nn.Linear(3 * DIM, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, who, what):
        c, i = self.customer(who), self.item(what)
        return self.dense(torch.cat([c, i, c * i], dim=1)).squeeze(1)


who, what, liking = draw_orders(16000)
who_t, what_t, liking_t = draw_orders(2000)

model = Mixer()
opt_tables = torch.optim.SparseAdam(list(model.customer.parameters()) + list(model.item.parameters()), lr=0.01)
opt_dense = torch.optim.Adam(model.dense.parameters(), lr=2e-3)

batch = 128
for epoch in range(1, 9):
    order = torch.randperm(len(liking))
    total = 0.0
    for k in range(0, len(order), batch):
        rows = order[k:k + batch]
        pred = model(who[rows], what[rows])
        loss = F.mse_loss(pred, liking[rows])
        opt_tables.zero_grad()
        opt_dense.zero_grad()
        loss.backward()
        opt_dense.step()
        total += loss.item() * len(rows)
    with torch.no_grad():
        rmse = F.mse_loss(model(who_t, what_t), liking_t).sqrt().item()
    print(f"epoch {epoch:2d} train mse {total / len(liking):.4f} held-out rmse: {rmse:.4f}")
