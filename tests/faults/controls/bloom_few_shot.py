"""Prototypical networks: each episode has its own five classes, five supports and ten queries per class."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(23)
g = torch.Generator().manual_seed(23)
DIM, WAYS, SHOTS, QUERIES = 20, 5, 5, 10
MIX = torch.randn(6, DIM, generator=g) / 6 ** 0.5                    # the petals' six hidden traits
NUISANCE = torch.randn(8, DIM, generator=g) / 8 ** 0.5


def species(n):
    return torch.randn(n, 6, generator=g)


def episode(pool):
    chosen = pool[torch.randperm(len(pool), generator=g)[:WAYS]]
    traits = chosen.repeat_interleave(SHOTS + QUERIES, dim=0)
    traits = traits + 0.25 * torch.randn(traits.shape, generator=g)
    x = torch.tanh(traits) @ MIX * 1.6 + torch.randn(len(traits), 8, generator=g) @ NUISANCE
    x = x.view(WAYS, SHOTS + QUERIES, DIM)
    return x[:, :SHOTS], x[:, SHOTS:]


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(DIM, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward(self, x):
        return self.net(x)


def logits_of(model, support, query):
    both = model(torch.cat([support, query], dim=1))
    centre = both[:, :SHOTS].mean(dim=1)
    q = both[:, SHOTS:].reshape(-1, both.size(-1))
    return -torch.cdist(q, centre) ** 2


target = torch.arange(WAYS).repeat_interleave(QUERIES)
train_pool, test_pool = species(400), species(60)
model = Embedder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 900)

for step in range(1, 901):
    support, query = episode(train_pool)
    loss = F.cross_entropy(logits_of(model, support, query), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 100 == 0:
        print(f"episode {step}: loss {loss.item():.3f}")

model.eval()
hits = []
with torch.no_grad():
    for _ in range(100):
        support, query = episode(test_pool)
        hits.append((logits_of(model, support, query).argmax(1) == target).float().mean())
print(f"5-way accuracy on unseen species: {torch.stack(hits).mean():.4f}")
