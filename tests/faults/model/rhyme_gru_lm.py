import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(4)
torch.manual_seed(4)

HEADS = ["the old ", "a red ", "my small ", "her blue ", "one tired "]
NOUNS = ["fox", "hen", "miller", "sailor", "cat", "pedlar"]
VERBS = [" sings to ", " runs from ", " follows ", " paints ", " hides with "]
TAILS = ["the moon", "the tide", "the mill", "the king", "the rain"]


def write(n):
    return "".join(f"{random.choice(HEADS)}{random.choice(NOUNS)}{random.choice(VERBS)}{random.choice(TAILS)}.\n"
                   for _ in range(n))


text, held_out = write(1500), write(200)
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
corpus = torch.tensor([stoi[c] for c in text])
val = torch.tensor([stoi[c] for c in held_out])

SEQ, BATCH = 32, 32
N_STEPS = 60


class CharGRU(nn.Module):
    def __init__(self, vocab, dim=24, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, x, h=None):
        y, h = self.gru(self.emb(x), h)
        return self.out(y), h


def evaluate(model):
    model.eval()
    with torch.no_grad():
        logits, _ = model(val[None, :-1])
    model.train()
    return F.cross_entropy(logits[0], val[1:]).item()


model = CharGRU(len(chars))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for step in range(1, N_STEPS + 1):
    start = torch.randint(0, len(corpus) - SEQ - 1, (BATCH,))
    chunk = torch.stack([corpus[s:s + SEQ + 1] for s in start])
    logits, _ = model(chunk[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step} train {loss.item():.3f} val {evaluate(model):.3f}")

print(f"held-out cross-entropy per character {evaluate(model):.4f}")
