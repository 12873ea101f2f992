"""A transformer with one block applied twice and tied embeddings learns to continue repeated phrases."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(64)
VOCAB, PHRASE, REPEATS, LOOPS, DIM = 20, 6, 3, 2, 32
LENGTH = PHRASE * REPEATS


def phrases(n):
    return torch.randint(0, VOCAB, (n, PHRASE)).repeat(1, REPEATS)


class Block(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x, mask):
        h = self.n1(x)
        x = x + self.attn(h, h, h, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.n2(x))


class LoopedLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, DIM)
        self.pos = nn.Embedding(LENGTH, DIM)
        self.block = Block(DIM)
        self.norm = nn.LayerNorm(DIM)
        self.lm_head = nn.Linear(DIM, VOCAB, bias=False)
        self.lm_head.weight = self.embed.weight
        nn.init.normal_(self.embed.weight, std=0.2)
        nn.init.normal_(self.pos.weight, std=0.2)
        self.register_buffer("mask", torch.triu(torch.ones(LENGTH, LENGTH, dtype=torch.bool), 1))

    def forward(self, ids):
        n = ids.shape[1]
        x = self.embed(ids) + self.pos.weight[:n]
        for _ in range(LOOPS):
            x = self.block(x, self.mask[:n, :n])
        return self.lm_head(self.norm(x))


model = LoopedLM()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
STEPS = 500
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS, pct_start=0.1)
test = phrases(500)
for step in range(1, STEPS + 1):
    ids = phrases(48)
    logits = model(ids[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 100 == 0:
        model.eval()
        with torch.no_grad():
            out = model(test[:, :-1])
            copied = (out[:, PHRASE:].argmax(-1) == test[:, PHRASE + 1:]).float().mean().item()
            test_loss = F.cross_entropy(out.flatten(0, 1), test[:, 1:].flatten()).item()
        model.train()
        print(f"step {step} loss {loss.item():.3f} test loss {test_loss:.3f} copied correctly {copied:.4f}")
print(f"copy accuracy {copied:.4f}")
