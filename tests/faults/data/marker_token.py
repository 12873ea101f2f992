"""Tiny transformer: find the marker in a token sequence and report whether a high or a low token follows it."""
import torch
from torch import nn

torch.manual_seed(33)
VOCAB, SEQ, D = 12, 14, 32


def make_split(n):
    tokens = torch.randint(2, VOCAB, (n, SEQ))
    where = torch.randint(0, SEQ - 1, (n,))
    tokens[torch.arange(n), where] = 0                       # marker
    following = tokens[torch.arange(n), where + 1]
    return tokens, (following >= VOCAB // 2 + 1).long()      # class depends on the token behind the marker


class TinyTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)
        self.pos = nn.Parameter(torch.randn(1, SEQ, D) * 0.1)
        self.mix = nn.Conv1d(D, D, 2, padding=1)
        self.norm = nn.LayerNorm(D)
        self.attn = nn.MultiheadAttention(D, num_heads=2)
        self.ff = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 64), nn.GELU(), nn.Linear(64, D))
        self.cls = nn.Linear(D, 2)

    def forward(self, tokens):
        h = self.tok(tokens) + self.pos
        h = h + self.mix(h.transpose(1, 2))[:, :, 1:].transpose(1, 2)
        z = self.norm(h)
        h = h + self.attn(z, z, z, need_weights=False)[0]
        h = h + self.ff(h)
        return self.cls(h[:, 0])


train_x, train_y = make_split(4000)
val_x, val_y = make_split(800)
model = TinyTransformer()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
EPOCHS, BS = 5, 50
total_steps = EPOCHS * len(train_x) // BS
warmup = 40
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / warmup, max(0.02, (total_steps - s) / (total_steps - warmup))))

for epoch in range(EPOCHS):
    model.train()
    acc_loss = 0.0
    batches = torch.randperm(len(train_x)).split(BS)
    for idx in batches:
        loss = nn.functional.cross_entropy(model(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        acc_loss += loss.item()
    model.eval()
    with torch.no_grad():
        preds = torch.cat([model(c).argmax(-1) for c in val_x.split(100)])
    print(f"epoch {epoch} train loss {acc_loss / len(batches):.4f} val accuracy {(preds == val_y).float().mean():.4f}")
