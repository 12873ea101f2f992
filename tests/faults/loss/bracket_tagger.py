import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(44)
torch.manual_seed(44)
LEN, TAGS, VOC = 16, 5, 12


def make_pair():
    """Each token is tagged by its own group and the group of the token before it."""
    toks = [random.randrange(VOC) for _ in range(LEN)]
    tags = [(t % 3 + (2 * (toks[i - 1] // 6) if i else 0)) % TAGS for i, t in enumerate(toks)]
    return toks, tags


def tensors(n):
    pairs = [make_pair() for _ in range(n)]
    return torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])


class Tagger(nn.Module):
    def __init__(self, d=32, heads=2, layers=2):
        super().__init__()
        self.tok = nn.Embedding(VOC, d)
        self.pos = nn.Parameter(torch.randn(1, LEN, d))
        enc = nn.TransformerEncoderLayer(d, heads, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(enc, layers, enable_nested_tensor=False)
        self.head = nn.Linear(d, TAGS)

    def forward(self, x):
        h = self.encoder(self.tok(x) + self.pos)
        return self.head(h)


def compute_loss(model, x, y):
    scores = F.softmax(model(x), dim=-1)
    return F.cross_entropy(scores.reshape(-1, TAGS), y.reshape(-1)), scores


Xtr, Ytr = tensors(1500)
Xva, Yva = tensors(300)
model = Tagger()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 3e-3, total_steps=16 * 30)

for epoch in range(16):
    model.train()
    for idx in torch.randperm(1500).split(50):
        loss, _ = compute_loss(model, Xtr[idx], Ytr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
    model.eval()
    with torch.no_grad():
        vloss, scores = compute_loss(model, Xva, Yva)
        acc = (scores.argmax(-1) == Yva).float().mean().item()
    print(f"epoch {epoch + 1} | loss {loss.item():.4f} | val loss {vloss.item():.4f} | tag acc {acc:.4f}")
print(f"val loss {vloss.item():.4f} after training")
