# seq2seq: read six letters, write them in alphabetical order (encoder GRU, decoder GRU)
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(4)
torch.manual_seed(4)
VOCAB, LENGTH, HIDDEN, SOS = 12, 6, 48, 12


def make_pairs(n, gen):
    src = torch.randint(0, VOCAB, (n, LENGTH), generator=gen)
    return src, src.sort(dim=1).values


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN, batch_first=True)

    def forward(self, src):
        return self.gru(self.embedding(src))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB + 1, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, VOCAB)

    def forward(self, tokens, hidden):
        o, hidden = self.gru(self.embedding(tokens), hidden)
        return self.out(o), hidden


def train_batch(src, tgt, encoder, decoder, enc_opt, dec_opt):
    enc_opt.zero_grad()
    dec_opt.zero_grad()
    _, hidden = encoder(src)
    start = torch.full((len(src), 1), SOS)
    logits, _ = decoder(torch.cat([start, tgt[:, :-1]], 1), hidden)
    loss = F.cross_entropy(logits.reshape(-1, VOCAB), tgt.reshape(-1))
    loss.backward()
    dec_opt.step()
    return loss.item()


@torch.no_grad()
def greedy_accuracy(src, tgt, encoder, decoder):
    _, hidden = encoder(src)
    token = torch.full((len(src), 1), SOS)
    hits = 0
    for t in range(LENGTH):
        logits, hidden = decoder(token, hidden)
        token = logits.argmax(-1)
        hits += (token[:, 0] == tgt[:, t]).sum().item()
    return hits / tgt.numel()


gen = torch.Generator().manual_seed(0)
encoder, decoder = Encoder(), Decoder()
enc_opt = torch.optim.Adam(encoder.parameters(), lr=4e-3)
dec_opt = torch.optim.Adam(decoder.parameters(), lr=4e-3)
val_src, val_tgt = make_pairs(500, gen)
recent = []
for it in range(1, 1001):
    src, tgt = make_pairs(64, gen)
    recent.append(train_batch(src, tgt, encoder, decoder, enc_opt, dec_opt))
    if it % 100 == 0:
        acc = greedy_accuracy(val_src, val_tgt, encoder, decoder)
        print(f"iter {it}  loss {sum(recent[-100:]) / 100:.4f}  greedy token accuracy {acc:.4f}")
print(f"final greedy token accuracy {greedy_accuracy(val_src, val_tgt, encoder, decoder):.4f}")
