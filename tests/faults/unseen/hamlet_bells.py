"""Next bell in a method of change ringing: a small causal transformer, warm-up and cosine decay."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(23)
torch.set_num_threads(1)

BELLS, LENGTH = 6, 24


def methods(n):
    """Rows of bells: each row swaps neighbours of the row before, in an alternating pattern."""
    rows = torch.stack([torch.randperm(BELLS) for _ in range(n)])
    out = [rows]
    for k in range(LENGTH // BELLS):
        rows = rows.clone()
        first = k % 2
        for i in range(first, BELLS - 1, 2):
            rows[:, [i, i + 1]] = rows[:, [i + 1, i]]
        out.append(rows)
    return torch.cat(out, dim=1)


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ff = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x, mask):
        h = self.n1(x)
        x = x + self.attn(h, h, h, attn_mask=mask, need_weights=False)[0]
        return x + self.ff(self.n2(x))


class Ringer(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.bell = nn.Embedding(BELLS, dim)
        self.place = nn.Embedding(LENGTH + BELLS, dim)
        self.blocks = nn.ModuleList([Block(dim, 4), Block(dim, 4)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, BELLS)

    def forward(self, bells):
        t = bells.shape[1]
        mask = torch.triu(torch.ones(t, t, dtype=torch.bool), diagonal=1)
        x = self.bell(bells) + self.place(torch.arange(t))
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))


TOTAL, WARMUP = 300, 30


def rate(step):
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (TOTAL - WARMUP)))


def predict_loss(model, seq):
    logits = model(seq[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), seq[:, 1:].flatten()), logits


train, test = methods(600), methods(100)
ringer = Ringer()
opt = torch.optim.AdamW(ringer.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
sched = torch.optim.lr_scheduler.LambdaLR(opt, rate)

for step in range(TOTAL):
    batch = train[torch.randint(0, len(train), (32,))]
    loss, _ = predict_loss(ringer, batch)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(ringer.parameters(), 1.0)
    opt.step()
    sched.step()
    if (step + 1) % 50 == 0:
        print(f"step {step + 1} loss {loss.item():.4f} lr {sched.get_last_lr()[0]:.2e}")

ringer.eval()
with torch.no_grad():
    loss, logits = predict_loss(ringer, test)
    after = slice(BELLS - 1, None)
    acc = (logits.argmax(-1)[:, after] == test[:, 1:][:, after]).float().mean().item()
print(f"test loss {loss.item():.4f}, bells called right after the first row: {acc:.3f}")
