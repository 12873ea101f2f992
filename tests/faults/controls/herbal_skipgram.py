"""Skip-gram with negative sampling on recipes of an old herbal; two sparse tables, no classifier."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(60)
THEMES, PER_THEME, COMMON = 8, 12, 24
VOCAB = THEMES * PER_THEME + COMMON


def corpus(n, length=12):
    theme = torch.randint(0, THEMES, (n, 1))
    words = theme * PER_THEME + torch.randint(0, PER_THEME, (n, length))
    common = THEMES * PER_THEME + torch.randint(0, COMMON, (n, length))
    return torch.where(torch.rand(n, length) < 0.4, common, words)


class SkipGram(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.inside = nn.Embedding(VOCAB, dim, sparse=True)
        self.outside = nn.Embedding(VOCAB, dim, sparse=True)
        nn.init.uniform_(self.inside.weight, -0.5 / dim, 0.5 / dim)
        nn.init.zeros_(self.outside.weight)

    def forward(self, centre, context, negatives):
        v = self.inside(centre)
        pos = (v * self.outside(context)).sum(-1)
        neg = torch.einsum("nd,nkd->nk", v, self.outside(negatives))
        return -(F.logsigmoid(pos) + F.logsigmoid(-neg).sum(-1)).mean()


text = corpus(2500)
freq = torch.bincount(text.flatten(), minlength=VOCAB).float() ** 0.75
pairs = torch.cat([torch.stack([text[:, i], text[:, i + d]], 1) for i in range(10) for d in (1, 2)])
pairs = torch.cat([pairs, pairs.flip(1)])
model = SkipGram()
opt = torch.optim.SparseAdam(list(model.parameters()), lr=5e-3)
for epoch in range(4):
    total, batches = 0.0, 0
    for rows in torch.randperm(len(pairs)).split(256):
        centre, context = pairs[rows].T
        negatives = torch.multinomial(freq, len(rows) * 5, replacement=True).view(-1, 5)
        loss = model(centre, context, negatives)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total, batches = total + loss.item(), batches + 1
    with torch.no_grad():
        e = F.normalize(model.inside.weight[:THEMES * PER_THEME], dim=1)
        sim = e @ e.T - 2 * torch.eye(len(e))
        near = sim.topk(5, dim=1).indices // PER_THEME
        purity = (near == torch.arange(len(e))[:, None] // PER_THEME).float().mean().item()
    print(f"epoch {epoch + 1}: loss {total / batches:.4f}  neighbours of the same theme {purity:.3f}")
print(f"neighbour purity {purity:.4f}")
