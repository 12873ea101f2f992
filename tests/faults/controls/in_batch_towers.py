"""Match short captions with feature vectors of products: two towers and in-batch negatives."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
COLOURS, KINDS, SIZES = 8, 12, 5
basis = [torch.randn(k, 24) for k in (COLOURS, KINDS, SIZES)]


def pairs(n):
    """n different products, each with its caption (three word ids) and its noisy features"""
    code = torch.randperm(COLOURS * KINDS * SIZES)[:n]
    words = torch.stack([code % COLOURS, code // COLOURS % KINDS, code // (COLOURS * KINDS)], 1)
    feats = sum(b[words[:, i]] for i, b in enumerate(basis)) / 3 ** 0.5
    return words + torch.tensor([0, COLOURS, COLOURS + KINDS]), feats + 0.3 * torch.randn(n, 24)


class TextTower(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.words = nn.EmbeddingBag(COLOURS + KINDS + SIZES, 32, mode="sum")
        self.out = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, dim))

    def forward(self, ids):
        return F.normalize(self.out(self.words(ids)), dim=-1)


class FeatureTower(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.out = nn.Sequential(nn.Linear(24, 64), nn.GELU(), nn.Linear(64, dim))

    def forward(self, x):
        return F.normalize(self.out(x), dim=-1)


class TwoTowers(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.text, self.feature = TextTower(dim), FeatureTower(dim)
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def forward(self, ids, feats):
        return self.log_scale.exp().clamp(max=50) * self.text(ids) @ self.feature(feats).T


def contrastive(scores):
    target = torch.arange(len(scores))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


model = TwoTowers()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=700)
for step in range(1, 701):
    loss = contrastive(model(*pairs(96)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 100 == 0:
        print(f"step {step:4d} loss {loss.item():.4f} scale {model.log_scale.exp().item():.2f}")

model.eval()
with torch.no_grad():
    hits = [(model(*pairs(96)).argmax(1) == torch.arange(96)).float().mean() for _ in range(20)]
print(f"top-1 retrieval {torch.stack(hits).mean().item():.4f}")
