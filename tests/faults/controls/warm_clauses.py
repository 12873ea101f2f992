import math
import random
import torch
import torch.nn as nn

random.seed(10)
torch.manual_seed(10)

NAMES = ["?", "Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Hal"]
VERBS = ["whose", "took", "sold", "lost", "kept"]
THINGS = ["lamp", "cup", "rug", "pen", "map", "hat", "key", "bag"]


def question(clauses=6):
    """clauses (name, verb, thing); the last one asks: whose thing? - every thing has one name"""
    who = random.choices(range(1, len(NAMES)), k=clauses)
    what = random.sample(range(len(THINGS)), clauses)
    rows = [[n, random.randrange(1, len(VERBS)), t] for n, t in zip(who, what)]
    k = random.randrange(clauses)
    return rows + [[0, 0, what[k]]], who[k] - 1


def batch(n):
    ids, answers = zip(*[question() for _ in range(n)])
    return torch.tensor(ids), torch.tensor(answers)


class Reader(nn.Module):
    def __init__(self, d=48, heads=2, layers=2):
        super().__init__()
        self.name = nn.Embedding(len(NAMES), d)
        self.verb = nn.Embedding(len(VERBS), d)
        self.thing = nn.Embedding(len(THINGS), d)
        layer = nn.TransformerEncoderLayer(d, heads, 96, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, len(NAMES) - 1)

    def forward(self, ids):
        x = self.name(ids[..., 0]) + self.verb(ids[..., 1]) + self.thing(ids[..., 2])
        return self.out(self.norm(self.enc(x)[:, -1]))


WARMUP, STEPS = 120, 480
model = Reader()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)


def factor(step):
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))


sched = torch.optim.lr_scheduler.LambdaLR(opt, factor)
val_ids, val_answers = batch(500)
for step in range(STEPS):
    model.train()
    ids, answers = batch(48)
    loss = nn.functional.cross_entropy(model(ids), answers)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if (step + 1) % 40 == 0:
        model.eval()
        with torch.no_grad():
            logits = model(val_ids)
            val = nn.functional.cross_entropy(logits, val_answers).item()
            acc = (logits.argmax(1) == val_answers).float().mean().item()
        print(f"step {step + 1:4d} lr {sched.get_last_lr()[0]:.2e} loss {loss.item():.4f} val {val:.4f} acc {acc:.3f}")
print(f"answer accuracy {acc:.4f}")
