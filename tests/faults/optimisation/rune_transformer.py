"""A two-layer transformer that says which rune occurs most often in a line of 16 runes."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
VOCAB, LENGTH, D = 6, 16, 24
LR = 0.05
STEPS, BATCH = 400, 40


def make_lines(n):
    probs = torch.distributions.Dirichlet(torch.full((VOCAB,), 1.2)).sample((n,))
    lines = torch.multinomial(probs, LENGTH, replacement=True)
    counts = F.one_hot(lines, VOCAB).sum(1)
    top = counts.topk(2, dim=1).values
    keep = top[:, 0] > top[:, 1]
    return lines[keep], counts[keep].argmax(1)


class RuneReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)
        self.pos = nn.Parameter(torch.randn(LENGTH, D) * 0.02)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(D, 4, 2 * D, dropout=0.1, batch_first=True) for _ in range(2))
        self.head = nn.Linear(D, VOCAB)

    def forward(self, tokens):
        h = self.tok(tokens) + self.pos
        for layer in self.layers:
            h = layer(h)
        return self.head(h.mean(1))


train_x, train_y = make_lines(6000)
test_x, test_y = make_lines(1000)
model = RuneReader()
optimizer = torch.optim.Adam(model.parameters(), lr=LR)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=STEPS)

running = None
for step in range(1, STEPS + 1):
    pick = torch.randint(len(train_x), (BATCH,))
    loss = F.cross_entropy(model(train_x[pick]), train_y[pick])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
    if step % 100 == 0:
        print(f"step {step:4d}  loss (smoothed) {running:.4f}")

model.eval()
with torch.no_grad():
    logits = model(test_x)
print(f"test loss {F.cross_entropy(logits, test_y).item():.4f}")
print(f"test accuracy {(logits.argmax(1) == test_y).float().mean().item():.4f}")
