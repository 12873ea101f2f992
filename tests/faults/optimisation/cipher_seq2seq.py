import torch
import torch.nn as nn

torch.manual_seed(13)
VOCAB, LENGTH, SOS = 14, 6, 0
KEY = torch.cat([torch.tensor([SOS]), 1 + torch.randperm(VOCAB - 1)])


def make_pairs(n):
    """the message backwards, in another alphabet"""
    src = torch.randint(1, VOCAB, (n, LENGTH))
    tgt = KEY[src.flip(1)]
    return src, tgt


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, src):
        return self.gru(self.embed(src))


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.query = nn.Linear(hidden, hidden)
        self.out = nn.Linear(2 * hidden, VOCAB)

    def forward(self, tokens, state, memory):
        h, state = self.gru(self.embed(tokens), state)
        weights = torch.softmax(self.query(h) @ memory.transpose(1, 2) / memory.size(-1) ** 0.5, -1)
        return self.out(torch.cat([h, weights @ memory], -1)), state


def greedy(encoder, decoder, src):
    memory, state = encoder(src)
    token = torch.full((len(src), 1), SOS)
    result = []
    for _ in range(LENGTH):
        logits, state = decoder(token, state, memory)
        token = logits.argmax(-1)
        result.append(token)
    return torch.cat(result, 1)


def train_step(src, tgt, encoder, decoder, encoder_optimizer, decoder_optimizer, criterion):
    encoder_optimizer.zero_grad()
    decoder_optimizer.zero_grad()
    memory, state = encoder(src)
    shifted = torch.cat([torch.full((len(src), 1), SOS), tgt[:, :-1]], 1)
    logits, _ = decoder(shifted, state, memory)
    loss = criterion(logits.reshape(-1, VOCAB), tgt.reshape(-1))
    loss.backward()
    decoder_optimizer.step()
    return loss.item()


encoder, decoder = Encoder(48), Decoder(48)
encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=6e-3)
decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=6e-3)
criterion = nn.CrossEntropyLoss()
test_src, test_tgt = make_pairs(400)

running = 0.0
for it in range(1, 1101):
    src, tgt = make_pairs(48)
    running += train_step(src, tgt, encoder, decoder, encoder_optimizer, decoder_optimizer, criterion)
    if it % 100 == 0:
        print(f"iter {it} loss {running / 100:.4f}")
        running = 0.0

encoder.eval(), decoder.eval()
with torch.no_grad():
    guess = greedy(encoder, decoder, test_src)
print(f"symbol accuracy {(guess == test_tgt).float().mean().item():.4f}")
