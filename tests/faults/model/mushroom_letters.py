"""Readers write in about the mushrooms they found. Predict whether the find was edible from the words used."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

VOCAB = 800
WORDS = 24
torch.manual_seed(21)
taste = torch.randn(VOCAB) * (torch.rand(VOCAB) < 0.4)
popularity = 1.0 / (torch.arange(VOCAB) + 20.0)


def letters(count):
    tokens = torch.multinomial(popularity.expand(count, VOCAB), WORDS, replacement=True)
    evidence = taste[tokens].sum(1) * 0.9
    edible = (torch.rand(count) < torch.sigmoid(evidence)).float()
    return tokens, edible


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, 24, mode="mean")
        self.head = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, tokens):
        return self.head(self.bag(tokens)).squeeze(1)


def evaluate(model, tokens, edible):
    model.eval()
    with torch.no_grad():
        out = model(tokens)
    return F.binary_cross_entropy_with_logits(out, edible).item(), ((out > 0) == (edible > 0.5)).float().mean().item()


def main():
    train = TensorDataset(*letters(2000))
    held = letters(2000)
    loader = DataLoader(train, batch_size=64, shuffle=True)
    model = Reader()
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    steps, running, total = 0, 0.0, 1800
    while steps < total:
        for tokens, edible in loader:
            model.train()
            loss = F.binary_cross_entropy_with_logits(model(tokens), edible)
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item()
            steps += 1
            if steps % 200 == 0:
                held_loss, held_acc = evaluate(model, *held)
                print(f"step {steps:5d}  train {running / 200:.4f}  held-out {held_loss:.4f}  acc {held_acc:.3f}")
                running = 0.0
            if steps == total:
                break
    print(f"final held-out acc {evaluate(model, *held)[1]:.4f}")


if __name__ == "__main__":
    main()
