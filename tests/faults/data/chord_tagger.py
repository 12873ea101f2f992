import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
NOTES, LEN, WIDTH, HEADS = 12, 24, 48, 4


def melodies(n):
    """Label of a note: is it below, equal to or above the note played three steps before?"""
    notes = torch.randint(NOTES, (n, LEN))
    back = torch.roll(notes, 3, dims=1)
    tags = (torch.sign(notes - back) + 1).long()
    tags[:, :3] = -100
    return notes, tags


class CausalAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.register_buffer("mask", torch.tril(torch.ones(LEN, LEN)).bool())

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        att = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        att = att.masked_fill(~self.mask[:t, :t], float("-inf")).softmax(-1)
        y = (att @ v).reshape(b, t, c)
        return self.proj(y)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.att = CausalAttention(WIDTH, HEADS)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.att(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Tagger(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.tok = nn.Embedding(NOTES, WIDTH)
        self.pos = nn.Embedding(LEN, WIDTH)
        self.layers = nn.Sequential(*[Layer() for _ in range(depth)])
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, notes):
        x = self.tok(notes) + self.pos(torch.arange(notes.size(1)))
        return self.head(self.layers(x))


val_notes, val_tags = melodies(500)
model = Tagger()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
STEPS = 500
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min(1.0, s / 40) * 0.5 * (1 + math.cos(math.pi * min(s, STEPS) / STEPS)))

for step in range(STEPS):
    notes, tags = melodies(32)
    logits = model(notes)
    loss = F.cross_entropy(logits.reshape(-1, 3), tags.reshape(-1), ignore_index=-100)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 50 == 0 or step == STEPS - 1:
        model.eval()
        with torch.no_grad():
            pred = model(val_notes).argmax(-1)
        keep = val_tags >= 0
        acc = (pred[keep] == val_tags[keep]).float().mean().item()
        model.train()
        print(f"step {step:3d} | loss {loss.item():.3f} | val acc {acc:.3f}")

print(f"tag accuracy {acc:.4f}")
