import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(12)
VOCAB, LEN, BATCH = 8, 6, 64


def make_batch(n):
    """Input: a word, then a go symbol and blanks; target: the word reversed."""
    word = torch.randint(1, VOCAB, (n, LEN))
    blank = torch.zeros(n, LEN, dtype=torch.long)
    blank[:, 0] = VOCAB
    return torch.cat([word, blank], 1), word.flip(1)


class Reverser(nn.Module):
    def __init__(self, emb=24, hidden=96):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB + 1, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.out = nn.Linear(hidden, VOCAB)

    def forward(self, x):
        h, _ = self.gru(self.embedding(x))
        return self.out(h[:, LEN:])


model = Reverser()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
val_x, val_y = make_batch(512)
max_steps = 120
for step in range(1, max_steps + 1):
    model.train()
    x, y = make_batch(BATCH)
    logits = model(x)
    loss = F.cross_entropy(logits.transpose(1, 2), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    if step % (max_steps // 10) == 0:
        model.eval()
        with torch.no_grad():
            out = model(val_x)
            vloss = F.cross_entropy(out.transpose(1, 2), val_y).item()
            tok = (out.argmax(-1) == val_y).float().mean().item()
        print(f"step {step:4d} loss {loss.item():.4f} val {vloss:.4f} token acc {tok:.4f}")
print(f"token accuracy after {max_steps} steps: {tok:.4f}")
