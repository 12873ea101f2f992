import torch
import torch.nn as nn

torch.manual_seed(3)
VOCAB, CONTEXT, D = 12, 16, 32


def compose(n, g):
    """Melodies that repeat a random motif, each time transposed by the same interval."""
    motif = torch.randint(0, VOCAB, (n, 5), generator=g)
    step = torch.randint(1, 4, (n, 1), generator=g)
    bars = [(motif + k * step) % VOCAB for k in range(4)]
    return torch.cat(bars, dim=1)[:, :CONTEXT + 1]


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x, mask):
        h = self.ln1(x)
        x = x + self.attn(h, h, h, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class NotePredictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)
        self.pos = nn.Embedding(CONTEXT, D)
        self.blocks = nn.ModuleList(Block(D, 4) for _ in range(2))
        self.norm = nn.LayerNorm(D)
        self.head = nn.Linear(D, VOCAB)
        self.register_buffer("mask", torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), 1))

    def forward(self, notes):
        x = self.tok(notes) + self.pos.weight
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.norm(x))


g = torch.Generator().manual_seed(3)
train, val = compose(6000, g), compose(500, g)
model = NotePredictor()
optimizer = torch.optim.Adam(model.parameters(), lr=6e-2, betas=(0.9, 0.98))
loss_fn = nn.CrossEntropyLoss()


@torch.no_grad()
def late_accuracy(songs):
    model.eval()
    pred = model(songs[:, :-1]).argmax(-1)
    return (pred[:, 10:] == songs[:, 11:]).float().mean().item()      # from the third bar on


for step in range(1, 451):
    model.train()
    batch = train[torch.randint(len(train), (48,), generator=g)]
    logits = model(batch[:, :-1])
    loss = loss_fn(logits.reshape(-1, VOCAB), batch[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:4d}  loss {loss.item():.3f}  val accuracy (bars 3-4) {late_accuracy(val):.3f}")

print(f"final note accuracy {late_accuracy(val):.4f}")
