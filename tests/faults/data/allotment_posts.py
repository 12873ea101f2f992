"""Route posts on the allotment society's message board to the right committee (six of them)."""
from collections import Counter
import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

COMMITTEES = ["water", "compost", "pests", "fences", "seeds", "social"]
LEXICON = {c: [f"{c[:3]}{s}" for s in "ado bri cle dun eft fro gim hob ilk jot kep lom".split()] for c in COMMITTEES}
_habit = random.Random(2)
USAGE = {c: [_habit.lognormvariate(0, 1.5) for _ in LEXICON[c]] for c in COMMITTEES}     # some words are far commoner
FILLER = [f"{a}{b}" for a in "the my our this some any".split() for b in "plot shed hose week gate path row bed".split()]


def pick(c, rnd):
    return rnd.choices(LEXICON[c], USAGE[c])[0]


def write_post(rnd):
    c = rnd.randrange(len(COMMITTEES))
    words = []
    for _ in range(rnd.randint(12, 28)):
        r = rnd.random()
        if r < 0.30:
            words.append(pick(COMMITTEES[c], rnd))
        elif r < 0.45:
            words.append(pick(rnd.choice(COMMITTEES), rnd))
        else:
            words.append(FILLER[min(int(rnd.expovariate(0.09)), len(FILLER) - 1)])
    return " ".join(words), c


def build_vocab(posts, max_size=400):
    counts = Counter(w for text, _ in posts for w in text.split())
    return {w: i + 2 for i, (w, _) in enumerate(counts.most_common(max_size))}     # 0 = pad, 1 = unknown


class Posts(Dataset):
    def __init__(self, posts, vocab):
        self.items = [(torch.tensor([vocab.get(w, 1) for w in text.split()]), c) for text, c in posts]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate(batch):
    ids, labels = zip(*batch)
    return pad_sequence(ids, batch_first=True), torch.tensor(labels)


class PostModel(nn.Module):
    def __init__(self, n_words, dim=32, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(n_words, dim, padding_idx=0)
        self.conv = nn.Conv1d(dim, hidden, 3, padding=1)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(hidden, len(COMMITTEES))

    def forward(self, ids):
        mask = (ids > 0).unsqueeze(1)
        h = torch.relu(self.conv(self.embed(ids).transpose(1, 2))) * mask
        return self.out(self.drop(h.sum(2) / mask.sum(2)))


def run_epoch(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    loss_sum = hits = n = 0
    with torch.set_grad_enabled(opt is not None):
        for ids, y in loader:
            logits = model(ids)
            loss = loss_fn(logits, y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            loss_sum += loss.item() * len(y)
            hits += (logits.argmax(1) == y).sum().item()
            n += len(y)
    return loss_sum / n, hits / n


if __name__ == "__main__":
    rnd = random.Random(14)
    torch.manual_seed(14)
    posts = [write_post(rnd) for _ in range(4500)]
    train_posts, val_posts = posts[:3600], posts[3600:]
    vocab = build_vocab(train_posts)
    print(f"{len(vocab)} words; first: {list(vocab)[:5]}")

    train_dl = DataLoader(Posts(train_posts, vocab), batch_size=64, shuffle=True, collate_fn=collate)
    val_dl = DataLoader(Posts(val_posts, build_vocab(val_posts)), batch_size=250, collate_fn=collate)

    model = PostModel(len(vocab) + 2)
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 8):
        tl, ta = run_epoch(model, train_dl, loss_fn, opt)
        vl, va = run_epoch(model, val_dl, loss_fn)
        print(f"Epoch {epoch}: train_loss={tl:.3f} train_acc={ta:.3f} val_loss={vl:.3f} val_acc={va:.3f}")
    print(f"best committee guess right on {va:.4f} of the validation posts")
