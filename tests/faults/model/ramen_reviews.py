"""Rate ramen reviews (good or bad) with a bidirectional LSTM over synthetic review text."""
import argparse
import random
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

p = argparse.ArgumentParser()
p.add_argument("--steps", type=int, default=130)
p.add_argument("--batch", type=int, default=32)
p.add_argument("--lr", type=float, default=4e-3)
p.add_argument("--hidden", type=int, default=32)
args = p.parse_args()

GOOD = "rich silky springy fragrant balanced tender warming generous".split()
BAD = "watery salty soggy bland greasy cold stingy burnt".split()
PARTS = "broth noodles egg pork nori menma miso bowl".split()
FILLER = "the we had and it this place a lunch today with our table near by station".split()
NEGATE = ["not", "never", "hardly"]
VOCAB = {w: i + 1 for i, w in enumerate(GOOD + BAD + PARTS + FILLER + NEGATE + ["very", "was"])}


def review(rng):
    score, words = 0, []
    for _ in range(rng.randint(2, 5)):
        words += rng.choices(FILLER, k=rng.randint(1, 4))
        words += [rng.choice(PARTS), "was"]
        tone, weight = rng.choice([-1, 1]), 1
        flipped = rng.random() < 0.4
        if flipped:
            words.append(rng.choice(NEGATE))
        if rng.random() < 0.3:
            words.append("very")
            weight = 2
        words.append(rng.choice(GOOD if tone > 0 else BAD))
        score += weight * (-tone if flipped else tone)
    if score == 0:
        return review(rng)
    return torch.tensor([VOCAB[w] for w in words]), float(score > 0)


def make_batch(rng, size):
    texts, stars = zip(*(review(rng) for _ in range(size)))
    lengths = torch.tensor([len(t) for t in texts])
    return pad_sequence(texts, batch_first=True), lengths, torch.tensor(stars)


class ReviewLSTM(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(len(VOCAB) + 1, 24, padding_idx=0)
        self.lstm = nn.LSTM(24, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, 1)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.out(torch.cat([h[0], h[1]], dim=1)).squeeze(1)


torch.manual_seed(1)
stream = random.Random(2)
test_tokens, test_lengths, test_stars = make_batch(random.Random(3), 1000)
model = ReviewLSTM(args.hidden)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)


@torch.no_grad()
def evaluate():
    model.eval()
    logits = model(test_tokens, test_lengths)
    return criterion(logits, test_stars).item(), ((logits > 0).float() == test_stars).float().mean().item()


report = max(1, args.steps // 10)
running = 0.0
for step in range(1, args.steps + 1):
    model.train()
    tokens, lengths, stars = make_batch(stream, args.batch)
    loss = criterion(model(tokens, lengths), stars)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    running += loss.item()
    if step % report == 0:
        test_loss, acc = evaluate()
        print(f"step {step:4d}  train loss {running / report:.4f}  test loss {test_loss:.4f}  acc {acc:.4f}")
        running = 0.0
print(f"reviews judged right: {evaluate()[1]:.4f}")
