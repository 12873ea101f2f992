"""Character-level GRU on generated stage directions; reports next-character accuracy on held-out text."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(2)
torch.manual_seed(2)
WHO = ["the king", "a soldier", "old martha", "the ghost", "young peter", "the nurse"]
DOES = ["enters from", "runs toward", "hides behind", "points at", "falls near", "sings beside"]
WHAT = ["the tower", "the broken gate", "a candle", "the river", "the empty throne", "the orchard wall"]
HOW = ["slowly", "in silence", "with a sword", "laughing", "as thunder rolls"]


def page(n):
    return "".join(f"{random.choice(WHO)} {random.choice(DOES)} {random.choice(WHAT)} {random.choice(HOW)}. " for _ in range(n))


text, held_out = page(900), page(120)
chars = sorted(set(text))
index = {c: i for i, c in enumerate(chars)}
encode = lambda s: torch.tensor([index[c] for c in s])
train_ids, test_ids = encode(text), encode(held_out)


class CharGRU(nn.Module):
    def __init__(self, n, emb=16, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(n, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.out = nn.Linear(hidden, n)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))
        return self.out(h)


def sample_batch(ids, size=16, length=40):
    starts = torch.randint(0, len(ids) - length - 1, (size,))
    rows = starts[:, None] + torch.arange(length + 1)
    return ids[rows[:, :-1]], ids[rows[:, 1:]]


@torch.no_grad()
def test(model):
    model.eval()
    n = (len(test_ids) - 1) // 60 * 60
    logits = model(test_ids[:n].view(-1, 60))
    target = test_ids[1:n + 1].view(-1, 60)
    return F.cross_entropy(logits.flatten(0, 1), target.flatten()).item(), (logits.argmax(-1) == target).float().mean().item()


net = CharGRU(len(chars))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
max_iters, log_every = 60, 10
for it in range(1, max_iters + 1):
    net.train()
    xb, yb = sample_batch(train_ids)
    loss = F.cross_entropy(net(xb).flatten(0, 1), yb.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    if it % log_every == 0:
        print("iter %4d  train %.4f  test %.4f  acc %.4f" % (it, loss.item(), *test(net)))
print(f"next-character accuracy {test(net)[1]:.4f}")
