"""A tiny attention model that answers look-ups: key value key value ... query -> value."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(2)
N_KEYS, N_VALUES, PAIRS = 8, 8, 7
VOCAB = N_KEYS + N_VALUES
SEQ = PAIRS + 1


def make_batch(n, gen):
    keys = torch.rand(n, N_KEYS, generator=gen).argsort(1)[:, :PAIRS]
    values = torch.randint(0, N_VALUES, (n, PAIRS), generator=gen)
    which = torch.randint(0, PAIRS, (n, 1), generator=gen)
    query = keys.gather(1, which)
    return keys, values, query, values.gather(1, which).squeeze(1)


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.d = heads, dim // heads
        self.q, self.k, self.v = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.proj = nn.Linear(dim, dim)

    def split(self, x):
        B, T, C = x.shape
        return x.view(B, self.heads, T, self.d)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        att = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.d), dim=-1)
        out = (att @ v).transpose(1, 2).reshape(B, T, C)
        return self.proj(out)


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = MultiHeadAttention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class LookupModel(nn.Module):
    def __init__(self, dim=32, heads=4, depth=1):
        super().__init__()
        self.key_emb, self.val_emb = nn.Embedding(N_KEYS, dim), nn.Embedding(N_VALUES + 1, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(SEQ, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.head = nn.Linear(dim, N_VALUES)

    def forward(self, keys, values, query):
        k = torch.cat([keys, query], 1)
        v = F.pad(values, (0, 1), value=N_VALUES)
        h = self.blocks(self.key_emb(k) + self.val_emb(v) + self.pos)
        return self.head(h[:, -1])


model = LookupModel()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 50))
gen = torch.Generator().manual_seed(2)
held_out = make_batch(1000, torch.Generator().manual_seed(77))
for step in range(1, 901):
    *inputs, target = make_batch(64, gen)
    loss = F.cross_entropy(model(*inputs), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 100 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(*held_out[:3]).argmax(1) == held_out[3]).float().mean().item()
        model.train()
        print(f"step {step} loss {loss.item():.4f} held-out accuracy {acc:.4f}")
