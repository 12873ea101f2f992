"""Bidirectional GRU that marks the quoted span in a token stream; micro-batches of 16, a step every four, linear warm-up."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

ACCUM, EPOCHS, VOCAB, SEQ = 4, 5, 21, 20
OPEN = CLOSE = 20


def stream(n, seed):
    g = torch.Generator().manual_seed(seed)
    tok = torch.randint(0, 20, (n, SEQ), generator=g)
    a = torch.randint(0, SEQ - 8, (n,), generator=g)
    length = torch.randint(3, 8, (n,), generator=g)
    pos = torch.arange(SEQ)
    tok[pos == a[:, None]] = OPEN
    tok[pos == (a + length)[:, None]] = CLOSE
    inside = (pos > a[:, None]) & (pos < (a + length)[:, None])
    return tok, inside.float()


class SpanFinder(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, d)
        self.encoder = nn.GRU(d, d, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.mark = nn.Linear(2 * d, 1)

    def forward(self, tok):
        return self.mark(self.drop(self.encoder(self.tok(tok))[0])).squeeze(-1)


torch.manual_seed(0)
train_loader = DataLoader(TensorDataset(*stream(2400, 1)), batch_size=16, shuffle=True)
test_tok, test_span = stream(800, 2)
model = SpanFinder()
optimizer = torch.optim.AdamW(model.parameters(), lr=8e-3, weight_decay=0.01)
total = EPOCHS * len(train_loader) // ACCUM
warmup = total // 10
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / warmup, max(0.0, (total - s) / (total - warmup))))

for epoch in range(EPOCHS):
    model.train()
    running = 0.0
    for i, (tok, span) in enumerate(train_loader, start=1):
        loss = F.binary_cross_entropy_with_logits(model(tok), span)
        (loss / ACCUM).backward()
        running += loss.item()
        if i % ACCUM == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        logits = model(test_tok)
    exact = ((logits > 0).float() == test_span).all(dim=1).float().mean().item()
    test_loss = F.binary_cross_entropy_with_logits(logits, test_span).item()
    print(f"epoch {epoch} loss {running / len(train_loader):.4f} test {test_loss:.4f} exact spans {exact:.3f}")
print(f"exact span match: {exact:.4f}")
