import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(55)

CTX, MICRO, ACCUM, UPDATES, WARMUP, DIM = 32, 16, 4, 200, 60, 32

# a small stochastic grammar; the text itself is made here
g = torch.Generator().manual_seed(55)
SUBJ = ["the cook", "a pilot", "my aunt", "the old dog"]
VERB = {"the cook": ["stirs", "salts"], "a pilot": ["lands", "greets"], "my aunt": ["paints", "sells"],
        "the old dog": ["hears", "finds"]}
OBJ = ["soup", "boats", "maps", "the moon", "a red kite"]


def pick(options):
    return options[torch.randint(len(options), (1,), generator=g).item()]


def write(n):
    subjects = [pick(SUBJ) for _ in range(n)]
    return "".join(f"{s} {pick(VERB[s])} {pick(OBJ)}. " for s in subjects)


train_text, valid_text = write(4000), write(500)
chars = sorted(set(train_text))
stoi = {c: i for i, c in enumerate(chars)}
train_ids = torch.tensor([stoi[c] for c in train_text])
valid_ids = torch.tensor([stoi[c] for c in valid_text])


class Block(nn.Module):
    def __init__(self, dim, heads=2):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x, mask):
        h = self.n1(x)
        x = x + self.attn(h, h, h, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.n2(x))


class TinyLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(len(chars), DIM), nn.Embedding(CTX, DIM)
        self.blocks = nn.ModuleList([Block(DIM), Block(DIM)])
        self.norm, self.out = nn.LayerNorm(DIM), nn.Linear(DIM, len(chars))
        self.register_buffer("mask", torch.triu(torch.ones(CTX, CTX, dtype=torch.bool), 1))

    def forward(self, ids):
        x = self.tok(ids) + self.pos.weight[:ids.shape[1]]
        for block in self.blocks:
            x = block(x, self.mask)
        return self.out(self.norm(x))


def windows(ids, n):
    start = torch.randint(len(ids) - CTX - 1, (n,))
    return torch.stack([ids[s:s + CTX] for s in start]), torch.stack([ids[s + 1:s + CTX + 1] for s in start])


model = TinyLM()
opt = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
noam = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: 0.5 * DIM ** -0.5 * min((s + 1) ** -0.5, (s + 1) * WARMUP ** -1.5))
xv, yv = valid_ids[:CTX * 150].view(-1, CTX), valid_ids[1:CTX * 150 + 1].view(-1, CTX)

for update in range(1, UPDATES + 1):
    model.train()
    opt.zero_grad()
    running = 0.0
    for _ in range(ACCUM):
        x, y = windows(train_ids, MICRO)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten()) / ACCUM
        loss.backward()
        running += loss.item()
    opt.step()
    noam.step()
    if update % 20 == 0:
        model.eval()
        with torch.no_grad():
            val = F.cross_entropy(model(xv).flatten(0, 1), yv.flatten()).item()
        print(f"update {update:4d} train {running:.4f} valid {val:.4f} ppl {math.exp(val):.3f}")

print(f"validation loss per character: {val:.4f}")
