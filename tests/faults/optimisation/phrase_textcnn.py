import argparse
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, TensorDataset

GOOD = ["really good", "not bad", "very nice", "so happy"]
POOR = ["not good", "really bad", "very poor", "so sad"]
FILLER = "the a film plot it was i saw with my friend last night and then we went home after that again".split()


def write_review(rnd, positive):
    words = [rnd.choice(FILLER) for _ in range(14)]
    for phrase in rnd.sample(GOOD if positive else POOR, 2):
        at = rnd.randrange(len(words) - 1)
        words[at:at] = phrase.split()
    return words[:18]


class TextCNN(nn.Module):
    def __init__(self, vocab, dim=24, channels=24):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.conv = nn.Conv1d(dim, channels, kernel_size=2)
        self.out = nn.Linear(channels, 2)

    def forward(self, tokens):
        h = self.embed(tokens).transpose(1, 2)
        h = F.relu(self.conv(h))
        return self.out(h.amax(dim=2))


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--clip", type=float, default=0.001)
    p.add_argument("--seed", type=int, default=13)
    return p.parse_args()


def main(args):
    torch.manual_seed(args.seed)
    rnd = random.Random(args.seed)
    reviews = [write_review(rnd, i % 2 == 0) for i in range(2000)]
    vocab = {w: i for i, w in enumerate(sorted({w for r in reviews for w in r}))}
    x = torch.tensor([[vocab[w] for w in r] for r in reviews])
    y = torch.tensor([1 if i % 2 == 0 else 0 for i in range(2000)])
    train_loader = DataLoader(TensorDataset(x[:1500], y[:1500]), batch_size=50, shuffle=True)

    model = TextCNN(len(vocab))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True)
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for xb, yb in train_loader:
            loss = F.cross_entropy(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(model.parameters(), args.clip)
            optimizer.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            accuracy = (model(x[1500:]).argmax(1) == y[1500:]).float().mean().item()
        print(f"epoch {epoch + 1:2d} | loss {total / len(train_loader):.4f} | val acc {accuracy:.3f}")
    print(f"val accuracy after training: {accuracy:.3f}")


if __name__ == "__main__":
    main(get_args())
