import torch
from torch import nn

torch.manual_seed(0)
VOCAB, LENGTH, DIM = 12, 6, 32


def batch(n):
    """The label is the largest token of the sequence."""
    x = torch.randint(0, VOCAB, (n, LENGTH))
    return x, x.max(dim=1).values


class TinyTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, DIM)
        self.pos = nn.Parameter(0.02 * torch.randn(LENGTH, DIM))
        layer = nn.TransformerEncoderLayer(DIM, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=1, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(DIM)
        self.head = nn.Linear(DIM, VOCAB)

    def forward(self, x):
        h = self.encoder(self.tok(x) + self.pos)
        return self.head(self.norm(h).mean(dim=1))


model = TinyTransformer()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
warmup = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.02, total_iters=40)
x_test, y_test = batch(500)
for step in range(1, 301):
    model.train()
    x, y = batch(48)
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    warmup.step()
    if step % 50 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(x_test).argmax(1) == y_test).float().mean()
        print(f"step {step} loss {loss.item():.3f} acc {acc.item():.3f}")
