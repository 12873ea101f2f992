"""Seq2seq with teacher forcing; padding is ignored in the loss and in the accuracy."""
import random
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

random.seed(0)
torch.manual_seed(0)
PAD, BOS, EOS = 0, 1, 2
V = 14


class Pairs(Dataset):
    def __init__(self, n, seed):
        r = random.Random(seed)
        self.items = []
        for _ in range(n):
            src = [r.randrange(3, V) for _ in range(r.randrange(3, 8))]
            tgt = sorted(src)
            self.items.append((src, [BOS] + tgt + [EOS]))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate(batch):
    s, t = zip(*batch)
    pad = nn.utils.rnn.pad_sequence
    return (pad([torch.tensor(v) for v in s], batch_first=True), torch.tensor([len(v) for v in s]),
            pad([torch.tensor(v) for v in t], batch_first=True))


class Seq2Seq(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.emb = nn.Embedding(V, dim, padding_idx=PAD)
        self.enc = nn.GRU(dim, dim, batch_first=True)
        self.dec = nn.GRU(dim, dim, batch_first=True)
        self.att = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(2 * dim, V)

    def forward(self, src, lengths, tgt):
        packed = nn.utils.rnn.pack_padded_sequence(self.emb(src), lengths, batch_first=True, enforce_sorted=False)
        states, h = self.enc(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        dec, _ = self.dec(self.emb(tgt), h)
        score = (self.att(dec) @ states.transpose(1, 2)).masked_fill((src == PAD).unsqueeze(1), float("-inf"))
        return self.out(torch.cat([dec, score.softmax(-1) @ states], -1))


train = DataLoader(Pairs(3000, 1), batch_size=64, shuffle=True, collate_fn=collate)
valid = DataLoader(Pairs(400, 2), batch_size=200, collate_fn=collate)
model = Seq2Seq()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8 * len(train))
crit = nn.CrossEntropyLoss(ignore_index=PAD)
for epoch in range(8):
    model.train()
    for src, n, tgt in train:
        loss = crit(model(src, n, tgt[:, :-1]).flatten(0, 1), tgt[:, 1:].flatten())
        opt.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        sched.step()
    model.eval()
    hit = tot = whole = rows = 0
    with torch.no_grad():
        for src, n, tgt in valid:
            pred = model(src, n, tgt[:, :-1]).argmax(-1)
            mask = tgt[:, 1:] != PAD
            right = (pred == tgt[:, 1:]) & mask
            hit += right.sum().item()
            tot += mask.sum().item()
            whole += (right.sum(1) == mask.sum(1)).sum().item()
            rows += len(src)
    print(f"epoch {epoch + 1} train loss {loss.item():.3f} token acc {hit / tot:.3f} sentences {whole / rows:.3f}")
