"""Sort a short list of numbers' ranks with a small transformer encoder: each token predicts its place."""
import argparse
import math

import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=6e-2)
parser.add_argument("--steps", type=int, default=600)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--length", type=int, default=8)
parser.add_argument("--seed", type=int, default=4)
args = parser.parse_args()
torch.manual_seed(args.seed)


class RankFormer(nn.Module):
    def __init__(self, length, d_model=32, heads=4, layers=2):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(1, d_model), nn.GELU(), nn.Linear(d_model, d_model))
        layer = nn.TransformerEncoderLayer(d_model, heads, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.place = nn.Linear(d_model, length)

    def forward(self, values):
        return self.place(self.encoder(self.embed(values.unsqueeze(-1))))


def batch(n):
    values = torch.randn(n, args.length)
    ranks = values.argsort(dim=1).argsort(dim=1)
    return values, ranks


@torch.no_grad()
def validate(model, values, ranks):
    model.eval()
    logits = model(values)
    loss = loss_fn(logits.flatten(0, 1), ranks.flatten())
    acc = (logits.argmax(-1) == ranks).float().mean()
    model.train()
    return loss.item(), acc.item()


model = RankFormer(args.length)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min(1, (s + 1) / 40) * 0.5 * (1 + math.cos(math.pi * s / args.steps)))
val = batch(500)
model.train()
for step in range(1, args.steps + 1):
    values, ranks = batch(args.batch)
    loss = loss_fn(model(values).flatten(0, 1), ranks.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 50 == 0:
        v_loss, v_acc = validate(model, *val)
        print(f"step {step:4d} loss {loss.item():.4f} val loss {v_loss:.4f} val acc {v_acc:.4f}")
print(f"share of places right: {validate(model, *val)[1]:.4f}")
