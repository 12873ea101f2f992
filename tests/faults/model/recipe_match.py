"""Two-tower retrieval: which recipe did a visitor cook after typing a query?

In-batch negatives: every other recipe in the batch counts as a wrong answer.
"""
import torch
from torch import nn
import torch.nn.functional as F

CFG = {"pairs": 9000, "held": 400, "hidden": 2, "out": 24, "batch": 150, "epochs": 14, "lr": 5e-3}
g = torch.Generator().manual_seed(6)


def draw(*shape):
    return torch.randn(*shape, generator=g)


# what people want, as seen from the query side and from the recipe side
craving = draw(CFG["pairs"] + CFG["held"], 8)
to_query, to_recipe = draw(8, 30) / 8 ** 0.5, draw(8, 40) / 8 ** 0.5
query = torch.tanh(1.2 * craving @ to_query) + 0.15 * draw(len(craving), 30)
recipe = torch.sin(craving @ to_recipe) + 0.15 * draw(len(craving), 40)
query_fit, query_held = query[:CFG["pairs"]], query[CFG["pairs"]:]
recipe_fit, recipe_held = recipe[:CFG["pairs"]], recipe[CFG["pairs"]:]


class Tower(nn.Module):
    def __init__(self, d, hidden, out):
        super().__init__()
        self.inner = nn.Linear(d, hidden)
        self.outer = nn.Linear(hidden, out)

    def forward(self, x):
        return F.normalize(self.outer(F.gelu(self.inner(x))), dim=-1)


class TwoTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = Tower(30, CFG["hidden"], CFG["out"])
        self.r = Tower(40, CFG["hidden"], CFG["out"])
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, q, r):
        return self.log_scale.exp() * self.q(q) @ self.r(r).T


def in_batch_loss(model, q, r):
    s = model(q, r)
    target = torch.arange(len(s))
    return (F.cross_entropy(s, target) + F.cross_entropy(s.T, target)) / 2


@torch.no_grad()
def recall_at(model, q, r, k):
    s = model(q, r)
    rank = (s > s.diagonal().unsqueeze(1)).sum(1)
    return (rank < k).float().mean().item()


torch.manual_seed(6)
model = TwoTower()
opt = torch.optim.Adamax(model.parameters(), lr=CFG["lr"])
sched = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=CFG["epochs"], power=1.0)
for epoch in range(CFG["epochs"]):
    losses = []
    for idx in torch.randperm(CFG["pairs"]).split(CFG["batch"]):
        loss = in_batch_loss(model, query_fit[idx], recipe_fit[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    fit_r = recall_at(model, query_fit[:CFG["held"]], recipe_fit[:CFG["held"]], 5)
    held_r = recall_at(model, query_held, recipe_held, 5)
    with torch.no_grad():
        held_loss = sum(in_batch_loss(model, query_held[i:i + 150], recipe_held[i:i + 150]).item() for i in (0, 150)) / 2
    print(f"{epoch:02d}  loss={sum(losses) / len(losses):.3f} held={held_loss:.3f}  recall@5 fit={fit_r:.3f} held={held_r:.3f}  scale={model.log_scale.exp().item():.1f}")
print(f"held-out recall@5 {held_r:.4f}")
