# Encoder-decoder that learns to write a short sequence of symbols backwards.
import torch
from torch import nn

torch.manual_seed(0)
SYMBOLS, LENGTH, HIDDEN = 8, 6, 24


def make_batch(n):
    source = torch.randint(1, SYMBOLS, (n, LENGTH))
    return source, source.flip(1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 16)
        self.gru = nn.GRU(16, HIDDEN, batch_first=True)

    def forward(self, source):
        return self.gru(self.embedding(source))[1]


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 16)
        self.gru = nn.GRU(16, HIDDEN, batch_first=True)
        self.out = nn.Linear(HIDDEN, SYMBOLS)

    def forward(self, previous, hidden):
        output, _ = self.gru(self.embedding(previous), hidden)
        return self.out(output)


encoder, decoder = Encoder(), Decoder()
enc_opt = torch.optim.Adam(encoder.parameters(), lr=0.01)
dec_opt = torch.optim.Adam(decoder.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()


def shifted(target):  # teacher forcing: the decoder sees what came before, 0 starts
    return torch.cat([torch.zeros(len(target), 1, dtype=torch.long), target[:, :-1]], dim=1)


for it in range(1, 501):
    source, target = make_batch(64)
    enc_opt.zero_grad()
    dec_opt.zero_grad()
    logits = decoder(shifted(target), encoder(source))
    loss = criterion(logits.reshape(-1, SYMBOLS), target.reshape(-1))
    loss.backward()
    dec_opt.step()
    if it % 100 == 0:
        with torch.no_grad():
            source, target = make_batch(500)
            acc = (decoder(shifted(target), encoder(source)).argmax(-1) == target).float().mean().item()
        print(f"iter {it} | loss {loss.item():.4f} | symbol accuracy {acc:.4f}")
