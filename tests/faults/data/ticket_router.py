"""Routes support tickets to one of six teams."""
import logging

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

logging.basicConfig(level=logging.INFO, format="%(message)s")
log = logging.getLogger("router")

TEAMS, VOCAB, WORDS = 6, 300, 16


def read_tickets(n, rng):
    topic_words = np.random.default_rng(77).dirichlet(np.full(VOCAB, 0.25), size=TEAMS)
    common = np.random.default_rng(78).dirichlet(np.full(VOCAB, 0.5))
    team = rng.permutation(np.arange(n) % TEAMS)
    text = np.stack([rng.choice(VOCAB, WORDS, p=0.5 * topic_words[k] + 0.5 * common) for k in team])
    first_guess = np.where(rng.random(n) < 0.55, rng.integers(0, TEAMS, n), team)
    return text, team, first_guess


def collate(rows):
    text, label = zip(*rows)
    return torch.as_tensor(np.stack(text)), torch.as_tensor(np.array(label))


class Router(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, dim, mode="mean")
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, TEAMS)

    def forward(self, text):
        return self.head(self.norm(self.bag(text)))


def check(model, text, label):
    model.eval()
    with torch.no_grad():
        scores = model(torch.as_tensor(text))
    label = torch.as_tensor(label)
    return nn.functional.cross_entropy(scores, label).item(), (scores.argmax(-1) == label).float().mean().item()


def main():
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    text, team, first_guess = read_tickets(3000, rng)
    audit_text, audit_team, _ = read_tickets(600, rng)
    target = first_guess
    loader = DataLoader(list(zip(text, target)), batch_size=32, shuffle=True, collate_fn=collate)
    model = Router()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3, weight_decay=1e-4)
    epochs = 8
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for batch, label in loader:
            optimizer.zero_grad()
            loss = criterion(model(batch), label)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(label)
        scheduler.step()
        audit_loss, audit_acc = check(model, audit_text, audit_team)
        log.info("epoch %d loss %.4f audit loss %.4f acc %.4f", epoch, total / len(text), audit_loss, audit_acc)
    print(f"audited accuracy: {audit_acc:.4f}")


if __name__ == "__main__":
    main()
