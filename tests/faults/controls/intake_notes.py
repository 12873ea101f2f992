"""Route intake notes at a clinic to one of five desks.  Notes are token lists of very different length, and the
old machine holds only a handful at a time, so gradients are gathered over several slices before every update."""
import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

rng = np.random.default_rng(88)
torch.manual_seed(88)
VOCAB, DESKS = 120, 5
SLICE, SLICES = 16, 4


def write_note():
    desk = rng.integers(DESKS)
    length = int(rng.integers(6, 26))
    words = rng.integers(30, VOCAB, length)
    for _ in range(int(rng.integers(2, 4))):              # telling words of the desk
        words[rng.integers(length)] = 1 + desk * 5 + rng.integers(5)
    if rng.random() < 0.3:                                # "no X" phrases name another desk but do not count
        at = rng.integers(length - 1)
        other = (desk + 1 + rng.integers(DESKS - 1)) % DESKS
        words[at], words[at + 1] = 26, 1 + other * 5 + rng.integers(5)
    return torch.tensor(words), int(desk)


notes = [write_note() for _ in range(2400)]
train, held = notes[:1900], notes[1900:]


def collate(batch):
    words, desks = zip(*batch)
    lengths = torch.tensor([len(w) for w in words])
    return pad_sequence(words, batch_first=True), lengths, torch.tensor(desks)


class Router(nn.Module):
    def __init__(self, dim=24, hidden=24):
        super().__init__()
        self.words = nn.Embedding(VOCAB, dim, padding_idx=0)
        self.gru = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.desk = nn.Linear(2 * hidden, DESKS)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(self.words(words), lengths, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        hide = torch.arange(states.size(1))[None] >= lengths[:, None]
        return self.desk(states.masked_fill(hide[..., None], -1e4).amax(1))


router = Router()
optimizer = torch.optim.AdamW(router.parameters(), lr=1.0, weight_decay=0.01)     # real rate set by the plan below
EPOCHS = 5
updates = EPOCHS * (len(train) // (SLICE * SLICES))
plan = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda u: 0.012 * min((u + 1) / 25, max(0.0, 1 - u / updates)))
summed = nn.CrossEntropyLoss(reduction="sum")


def evaluate():
    router.eval()
    right, nats = 0, 0.0
    with torch.no_grad():
        for i in range(0, len(held), 200):
            words, lengths, desks = collate(held[i:i + 200])
            out = router(words, lengths)
            nats += summed(out, desks).item()
            right += (out.argmax(1) == desks).sum().item()
    router.train()
    return nats / len(held), right / len(held)


for epoch in range(EPOCHS):
    order = rng.permutation(len(train))
    per_update = SLICE * SLICES
    seen, nats = 0, 0.0
    for u in range(len(train) // per_update):
        chosen = order[u * per_update:(u + 1) * per_update]
        for part in np.split(chosen, SLICES):
            words, lengths, desks = collate([train[k] for k in part])
            loss = summed(router(words, lengths), desks) / per_update
            loss.backward()
            nats += loss.item() * per_update
        optimizer.step()
        optimizer.zero_grad()
        plan.step()
        seen += per_update
    val, acc = evaluate()
    print(f"pass {epoch + 1}: {nats / seen:.3f} nats a note, held out {val:.3f} nats, {100 * acc:.1f}% right, rate {plan.get_last_lr()[0]:.4f}")
print(f"held-out notes at the right desk: {evaluate()[1]:.4f}")
