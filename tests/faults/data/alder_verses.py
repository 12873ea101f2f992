# A pocket language model for invented folk verses.
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)
torch.set_num_threads(1)
VOCAB, CTX, BATCH, STEPS = 24, 24, 24, 600


def compose(length, seed):
    g = torch.Generator().manual_seed(404)
    table = torch.softmax(1.7 * torch.randn(VOCAB, VOCAB, generator=g), 1)
    g = torch.Generator().manual_seed(seed)
    out = [0, 1]
    noise = torch.rand(length, generator=g)
    cum = table.cumsum(1)
    for i in range(length):
        if i % 8 == 7:
            out.append(out[-4])     # every eighth syllable rhymes with an earlier one
        else:
            out.append(min(int((cum[out[-1]] < noise[i]).sum()), VOCAB - 1))
    return torch.tensor(out)


train_text, val_text = compose(60000, 1), compose(6000, 2)


def get_batch(text, batch, seed):
    g = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(text) - CTX - 1, (batch,), generator=g)
    rows = starts[:, None] + torch.arange(CTX + 1)
    chunk = text[rows]
    return chunk[:, :-1], chunk[:, 1:]


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
        self.heads = heads

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(B, T, D))
        return x + F.dropout(self.mlp(self.ln2(x)), 0.15, self.training)


class PocketLM(nn.Module):
    def __init__(self, d=40):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, d), nn.Embedding(CTX, d)
        self.blocks = nn.Sequential(Block(d, 4), Block(d, 4))
        self.norm, self.out = nn.LayerNorm(d), nn.Linear(d, VOCAB)

    def forward(self, x):
        h = self.tok(x) + self.pos(torch.arange(x.shape[1]))
        return self.out(self.norm(self.blocks(h)))


lm = PocketLM()
opt = torch.optim.AdamW(lm.parameters(), lr=2e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=2e-3, total_steps=STEPS, pct_start=0.1)
vx, vy = get_batch(val_text, 120, 999)

for step in range(STEPS):
    x, y = get_batch(train_text, BATCH, step % 16)
    loss = F.cross_entropy(lm(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 100 == 99:
        lm.eval()
        with torch.no_grad():
            val = F.cross_entropy(lm(vx).flatten(0, 1), vy.flatten()).item()
        lm.train()
        print(f"step {step + 1:4d}  train {loss.item():.3f}  val {val:.3f} perplexity {math.exp(val):.2f}")
print(f"val loss {val:.4f}")
