import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)

RUNES, LEN, DIM, HEADS = 8, 16, 32, 4


def sample(n):
    """A string of runes; answer every position with the rune two places earlier (wrapping around)."""
    x = torch.randint(0, RUNES, (n, LEN))
    y = x.roll(2, dims=1)
    return x, y


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q = self.split_heads(q, b, t)
        k = self.split_heads(k, b, t)
        v = self.split_heads(v, b, t)
        att = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.head_dim), dim=-1)
        out = self.merge_heads(att @ v, b, t)
        return self.proj(out)

    def split_heads(self, z, b, t):
        return z.reshape(b, self.heads, t, self.head_dim)

    def merge_heads(self, z, b, t):
        return z.reshape(b, t, self.heads * self.head_dim)


class Encoder(nn.Module):
    def __init__(self, layers=2):
        super().__init__()
        self.tok = nn.Embedding(RUNES, DIM)
        self.pos = nn.Parameter(0.3 * torch.randn(LEN, DIM))
        self.att = nn.ModuleList([Attention(DIM, HEADS) for _ in range(layers)])
        self.mlp = nn.ModuleList([nn.Sequential(nn.Linear(DIM, 2 * DIM), nn.GELU(), nn.Linear(2 * DIM, DIM))
                                  for _ in range(layers)])
        self.n1 = nn.ModuleList([nn.LayerNorm(DIM) for _ in range(layers)])
        self.n2 = nn.ModuleList([nn.LayerNorm(DIM) for _ in range(layers)])
        self.out = nn.Linear(DIM, RUNES)

    def forward(self, x):
        h = self.tok(x) + self.pos
        for att, mlp, n1, n2 in zip(self.att, self.mlp, self.n1, self.n2):
            h = h + att(n1(h))
            h = h + mlp(n2(h))
        return self.out(h)


model = Encoder()
steps = 320
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=3e-3, total_steps=steps, pct_start=0.1)
val_x, val_y = sample(400)

for step in range(1, steps + 1):
    model.train()
    x, y = sample(48)
    logits = model(x)
    loss = F.cross_entropy(logits.reshape(-1, RUNES), y.reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 40 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(val_x).argmax(-1) == val_y).float().mean().item()
        print(f"step {step:4d}  loss {loss.item():.4f}  val acc {acc:.4f}")

print(f"validation token accuracy = {acc:.4f}")
