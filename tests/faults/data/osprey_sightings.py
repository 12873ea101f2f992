"""Raptor species from field-card measurements; every card was read by an expert and by two volunteers."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SPECIES = ["osprey", "buzzard", "kestrel", "hobby", "harrier", "kite"]


def field_cards(n, seed):
    world = np.random.default_rng(900)
    centres = world.normal(0, 1.1, (len(SPECIES), 2, 12))
    rng = np.random.default_rng(seed)
    species = rng.integers(0, len(SPECIES), n)
    plumage = rng.integers(0, 2, n)
    traits = centres[species, plumage] + rng.normal(0, 0.75, (n, 12))
    traits[:, :4] = np.sinh(traits[:, :4] * 0.7)
    readings = {"expert": species}
    for who, skill in (("volunteer_1", 0.52), ("volunteer_2", 0.60)):
        guess = rng.integers(0, len(SPECIES), n)
        readings[who] = np.where(rng.random(n) < skill, species, guess)
    return {
        "traits": torch.tensor(traits, dtype=torch.float32),
        **{who: torch.tensor(label) for who, label in readings.items()},
    }


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.lin = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return F.leaky_relu(self.norm(self.lin(x)), 0.1)


class RaptorNet(nn.Module):
    def __init__(self, traits=12):
        super().__init__()
        self.body = nn.Sequential(Block(traits, 64), nn.Dropout(0.1), Block(64, 64), nn.Dropout(0.1))
        self.head = nn.Linear(64, len(SPECIES))

    def forward(self, x):
        return self.head(self.body(x))


def accuracy_and_loss(net, x, y):
    net.eval()
    with torch.no_grad():
        out = net(x)
    return (out.argmax(1) == y).float().mean().item(), F.cross_entropy(out, y).item()


def train(epochs=12, batch=50):
    torch.manual_seed(2)
    cards, unseen = field_cards(4000, 1), field_cards(1500, 2)
    centre, spread = cards["traits"].mean(0), cards["traits"].std(0)
    x, x_unseen = (cards["traits"] - centre) / spread, (unseen["traits"] - centre) / spread
    y, y_unseen = cards["volunteer_1"], unseen["expert"]

    net = RaptorNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * (len(y) // batch))
    for epoch in range(epochs):
        net.train()
        losses, hits = [], 0
        order = torch.randperm(len(y))
        for start in range(0, len(y), batch):
            pick = order[start:start + batch]
            out = net(x[pick])
            loss = F.cross_entropy(out, y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            hits += (out.argmax(1) == y[pick]).sum().item()
        acc, held = accuracy_and_loss(net, x_unseen, y_unseen)
        print(f"epoch {epoch + 1:2d}: loss {np.mean(losses):.4f} acc {hits / len(y):.3f} | unseen loss {held:.4f} acc {acc:.3f}")
    return net, x_unseen, y_unseen


net, x_unseen, y_unseen = train()
print(f"unseen cards named as the expert did: {accuracy_and_loss(net, x_unseen, y_unseen)[0]:.4f}, "
      f"loss {accuracy_and_loss(net, x_unseen, y_unseen)[1]:.4f}")
