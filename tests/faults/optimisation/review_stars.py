"""Transformer encoder that reads short synthetic reviews and predicts the tone (3 classes)."""
import argparse
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

GOOD = "great lovely crisp tasty warm friendly superb".split()
BAD = "cold rude stale bland late noisy awful".split()
FILL = "the soup waiter table bread was and a very we our had at with night place room food it they".split()
VOCAB = {w: i + 1 for i, w in enumerate(GOOD + BAD + FILL + ["not"])}
MAXLEN = 18


class Reviews(Dataset):
    def __init__(self, n, seed):
        rng = random.Random(seed)
        self.items = []
        for i in range(n):
            tone = i % 3
            want = {0: (0, 3), 1: (2, 2), 2: (3, 0)}[tone]
            phrases = []
            for pos, count in ((True, want[0]), (False, want[1])):
                for _ in range(count):
                    if rng.random() < 0.15:
                        phrases.append(["not", rng.choice(BAD if pos else GOOD)])
                    else:
                        phrases.append([rng.choice(GOOD if pos else BAD)])
            phrases += [[rng.choice(FILL)] for _ in range(rng.randint(4, 9))]
            rng.shuffle(phrases)
            ids = [VOCAB[w] for ph in phrases for w in ph][:MAXLEN]
            self.items.append((torch.tensor(ids + [0] * (MAXLEN - len(ids))), tone))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class ToneReader(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.tok = nn.Embedding(len(VOCAB) + 1, d, padding_idx=0)
        self.pos = nn.Parameter(0.02 * torch.randn(MAXLEN, d))
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.1, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.cls = nn.Linear(d, 3)

    def forward(self, ids):
        pad = ids == 0
        h = self.enc(self.tok(ids) + self.pos, src_key_padding_mask=pad)
        keep = (~pad).unsqueeze(-1).float()
        return self.cls((h * keep).sum(1) / keep.sum(1))


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--learning-rate", type=float, default=3e-5)
    parser.add_argument("--batch-size", type=int, default=64)
    opts = parser.parse_args()
    torch.manual_seed(2)
    train, dev = Reviews(2400, 1), Reviews(600, 99)
    train_dl = DataLoader(train, opts.batch_size, shuffle=True)
    dev_dl = DataLoader(dev, 200)
    model = ToneReader()
    optimizer = torch.optim.AdamW(model.parameters(), lr=opts.learning_rate, weight_decay=0.01)
    ce = nn.CrossEntropyLoss()
    for epoch in range(opts.epochs):
        model.train()
        total = 0.0
        for ids, tone in train_dl:
            loss = ce(model(ids), tone)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            pairs = [(model(ids), tone) for ids, tone in dev_dl]
        logits, gold = (torch.cat(p) for p in zip(*pairs))
        hits = (logits.argmax(-1) == gold).sum().item()
        print(f"epoch {epoch} train_loss {total / len(train_dl):.4f} dev_loss {ce(logits, gold).item():.4f} dev_acc {hits / len(dev):.4f}", flush=True)


if __name__ == "__main__":
    run()
