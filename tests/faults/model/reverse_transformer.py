"""Toy sequence transduction: write a string of symbols backwards."""
import torch
import torch.nn as nn

VOCAB, LENGTH, DIM = 12, 10, 48


class Reverser(nn.Module):
    def __init__(self, layers=2, heads=4):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, DIM)
        self.pos = nn.Parameter(torch.randn(LENGTH, DIM) * 0.1)
        layer = nn.TransformerEncoderLayer(DIM, heads, dim_feedforward=96, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(DIM)
        self.out = nn.Linear(DIM, VOCAB)

    def forward(self, ids):
        return self.out(self.norm(self.encoder(self.tok(ids) + self.pos)))


def get_batch(n, gen):
    ids = torch.randint(0, VOCAB, (n, LENGTH), generator=gen)
    return ids, ids.flip(1)


def main(steps=64, lr=3e-3, log_every=8):
    torch.manual_seed(15)
    gen = torch.Generator().manual_seed(100)
    model = Reverser()
    opt = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.98))
    criterion = nn.CrossEntropyLoss()
    eval_x, eval_y = get_batch(200, torch.Generator().manual_seed(555))
    for step in range(1, steps + 1):
        model.train()
        x, y = get_batch(64, gen)
        logits = model(x)
        loss = criterion(logits.reshape(-1, VOCAB), y.reshape(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % log_every == 0:
            model.eval()
            with torch.no_grad():
                acc = (model(eval_x).argmax(-1) == eval_y).float().mean().item()
            print(f"step {step:5d} loss {loss.item():.4f} token accuracy {acc:.4f}")
    return acc


if __name__ == "__main__":
    print(f"final token accuracy {main():.4f}")
