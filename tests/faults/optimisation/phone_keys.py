"""Encoder-decoder: spell a digit string as the run-length code of it."""
import random
import torch
import torch.nn as nn

random.seed(8)
torch.manual_seed(8)
PAD, SOS, EOS = 10, 11, 12
IN, OUT = 8, 9


def sample():
    digits = []
    while len(digits) < IN:
        digits += [random.randrange(10)] * random.choice([1, 1, 2, 3])
    digits = digits[:IN]
    out, i = [], 0
    while i < IN:
        j = i
        while j < IN and digits[j] == digits[i]:
            j += 1
        out.append(digits[i])
        i = j
    out = [SOS] + out + [EOS]
    return digits, out + [PAD] * (OUT + 1 - len(out))


def batch(n):
    src, tgt = zip(*(sample() for _ in range(n)))
    return torch.tensor(src), torch.tensor(tgt)


class EncoderRNN(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(13, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, src):
        return self.gru(self.embedding(src))


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(13, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.key = nn.Linear(hidden, hidden)
        self.out = nn.Linear(2 * hidden, 13)

    def forward(self, tokens, memory, state):
        h, _ = self.gru(self.embedding(tokens), state)
        scores = h @ self.key(memory).transpose(1, 2) / memory.size(-1) ** 0.5
        context = scores.softmax(-1) @ memory
        return self.out(torch.cat([h, context], -1))


def evaluate(encoder, decoder, src, tgt):
    with torch.no_grad():
        memory, state = encoder(src)
        pred = decoder(tgt[:, :-1], memory, state).argmax(-1)
    keep = tgt[:, 1:] != PAD
    return (pred == tgt[:, 1:])[keep].float().mean().item()


def train_iters(encoder, decoder, n_iters, print_every=100, learning_rate=2e-3):
    encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=learning_rate)
    decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=learning_rate)
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    val = batch(400)
    for it in range(1, n_iters + 1):
        src, tgt = batch(64)
        memory, state = encoder(src)
        logits = decoder(tgt[:, :-1], memory, state)
        loss = criterion(logits.transpose(1, 2), tgt[:, 1:])

        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        loss.backward()
        decoder_optimizer.step()

        if it % print_every == 0:
            print(f"{it:4d} ({100 * it / n_iters:.0f}%) loss {loss.item():.4f} token acc {evaluate(encoder, decoder, *val):.4f}")
    return evaluate(encoder, decoder, *val)


hidden_size = 48
final = train_iters(EncoderRNN(hidden_size), AttnDecoderRNN(hidden_size), 600)
print(f"token accuracy {final:.4f}")
