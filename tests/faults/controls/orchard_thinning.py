"""Which of two fruit buds was set first? Sequence-pair transformer with a linear warm-up."""
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR


@dataclass
class Settings:
    vocab: int = 14
    length: int = 12
    d_model: int = 32
    peak_lr: float = 3e-3
    warmup: int = 120
    steps: int = 480
    batch: int = 48


def draw(n, s):
    """Two symbols (12, 13) hidden among fillers; class 1 when 12 comes before 13."""
    x = torch.randint(0, 12, (n, s.length))
    spots = torch.rand(n, s.length).argsort(1)[:, :2]
    rows = torch.arange(n)
    x[rows, spots[:, 0]] = 12
    x[rows, spots[:, 1]] = 13
    return x, (spots[:, 0] < spots[:, 1]).long()


class OrderNet(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.tok = nn.Embedding(s.vocab, s.d_model)
        self.pos = nn.Parameter(torch.randn(s.length, s.d_model) * 0.1)
        layer = nn.TransformerEncoderLayer(s.d_model, 4, 64, dropout=0.0, batch_first=True, norm_first=False)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(s.d_model, 2)

    def forward(self, x):
        return self.head(self.encoder(self.tok(x) + self.pos).mean(1))


def schedule(s):
    def factor(step):
        if step < s.warmup:
            return (step + 1) / s.warmup
        return 0.5 * (1 + math.cos(math.pi * (step - s.warmup) / (s.steps - s.warmup)))
    return factor


def main():
    torch.manual_seed(12)
    s = Settings()
    model = OrderNet(s)
    opt = torch.optim.Adam(model.parameters(), lr=s.peak_lr, betas=(0.9, 0.98))
    sched = LambdaLR(opt, schedule(s))
    loss_fn = nn.CrossEntropyLoss()
    x_val, y_val = draw(1000, s)
    for step in range(s.steps):
        model.train()
        x, y = draw(s.batch, s)
        loss = loss_fn(model(x), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        sched.step()
        if (step + 1) % 60 == 0:
            model.eval()
            with torch.no_grad():
                out = model(x_val)
            acc = (out.argmax(1) == y_val).float().mean().item()
            print(f"{step + 1:4d} lr {sched.get_last_lr()[0]:.2e} loss {loss.item():.4f} val {loss_fn(out, y_val).item():.4f} acc {acc:.4f}")
    print(f"order accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
