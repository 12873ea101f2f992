"""Character model of a small made-up verse grammar: tied embeddings, accumulation, warm-up, bfloat16."""
import math
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(33)
torch.manual_seed(33)
CONTEXT, DIM, MICRO, ACCUM, UPDATES = 24, 40, 16, 2, 220
NOUNS, VERBS = ["moon", "river", "crow", "lantern", "winter", "harbour"], ["sings", "falls", "waits", "burns", "wanders"]
ENDS = ["again", "alone", "below", "at noon", "to me"]


def verse():
    line = f"the {random.choice(NOUNS)} {random.choice(VERBS)}"
    if random.random() < 0.5:
        line += f" and the {random.choice(NOUNS)} {random.choice(VERBS)}"
    return line + " " + random.choice(ENDS) + "\n"


text = "".join(verse() for _ in range(4000))
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])
train_ids, val_ids = ids[:-15000], ids[-15000:]


class VerseLM(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.tok = nn.Embedding(vocab, DIM)
        self.pos = nn.Parameter(0.02 * torch.randn(CONTEXT, DIM))
        layer = nn.TransformerEncoderLayer(DIM, 4, 4 * DIM, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(DIM)
        self.out = nn.Linear(DIM, vocab, bias=False)
        nn.init.normal_(self.tok.weight, std=0.1)
        self.out.weight = self.tok.weight
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(CONTEXT))

    def forward(self, x):
        return self.out(self.norm(self.blocks(self.tok(x) + self.pos, mask=self.mask, is_causal=True)))


def batch(source, n):
    start = torch.randint(0, len(source) - CONTEXT - 1, (n,))
    rows = start.unsqueeze(1) + torch.arange(CONTEXT + 1)
    return source[rows[:, :-1]], source[rows[:, 1:]]


model = VerseLM(len(chars))
opt = torch.optim.AdamW(model.parameters(), lr=6e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda u: min((u + 1) / 15, 0.5 * (1 + math.cos(math.pi * u / UPDATES)) + 0.02))
for update in range(1, UPDATES + 1):
    model.train()
    opt.zero_grad()
    shown = 0.0
    for _ in range(ACCUM):
        x, y = batch(train_ids, MICRO)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(x)
        loss = F.cross_entropy(logits.float().flatten(0, 1), y.flatten()) / ACCUM
        loss.backward()
        shown += loss.item()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if update % 22 == 0:
        model.eval()
        with torch.no_grad():
            x, y = batch(val_ids, 200)
            val = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
        print(f"update {update:3d} train {shown:.3f} validation nats per character {val:.4f}")
