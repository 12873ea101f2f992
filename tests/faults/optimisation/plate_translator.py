"""Seq2seq with attention: rewrite an old plate number into the new scheme (symbols reversed)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
N_SYM, SOS, LEN, HID = 12, 12, 6, 48


def make_batch(n):
    src = torch.randint(0, N_SYM, (n, LEN))
    tgt = src.flip(1)
    return src, tgt


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(N_SYM, 24)
        self.gru = nn.GRU(24, HID, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * HID, HID)

    def forward(self, src):
        out, _ = self.gru(self.embedding(src))
        memory = self.bridge(out)
        return memory, memory.mean(1)


class AttnDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(N_SYM + 1, 24)
        self.cell = nn.GRUCell(24 + HID, HID)
        self.query = nn.Linear(HID, HID)
        self.out = nn.Linear(2 * HID, N_SYM)

    def step(self, token, hidden, context, memory):
        hidden = self.cell(torch.cat([self.embedding(token), context], 1), hidden)
        score = torch.bmm(memory, self.query(hidden).unsqueeze(2)).squeeze(2) / HID ** 0.5
        context = torch.bmm(F.softmax(score, 1).unsqueeze(1), memory).squeeze(1)
        return self.out(torch.cat([hidden, context], 1)), hidden, context


def decode(encoder, decoder, src, tgt=None):
    memory, hidden = encoder(src)
    context = torch.zeros_like(hidden)
    token = torch.full((len(src),), SOS)
    logits = []
    for t in range(LEN):
        step_logits, hidden, context = decoder.step(token, hidden, context, memory)
        logits.append(step_logits)
        token = tgt[:, t] if tgt is not None else step_logits.argmax(1)
    return torch.stack(logits, 1)


def train_step(src, tgt, encoder, decoder, enc_opt, dec_opt):
    dec_opt.zero_grad()
    logits = decode(encoder, decoder, src, tgt)
    loss = F.cross_entropy(logits.reshape(-1, N_SYM), tgt.reshape(-1))
    loss.backward()
    enc_opt.zero_grad()
    nn.utils.clip_grad_norm_(list(encoder.parameters()) + list(decoder.parameters()), 5.0)
    enc_opt.step()
    dec_opt.step()
    return loss.item()


encoder, decoder = Encoder(), AttnDecoder()
enc_opt = torch.optim.Adam(encoder.parameters(), lr=5e-3)
dec_opt = torch.optim.Adam(decoder.parameters(), lr=5e-3)
running = 0.0
for it in range(1, 451):
    running += train_step(*make_batch(64), encoder, decoder, enc_opt, dec_opt)
    if it % 50 == 0:
        print(f"iter {it} loss {running / 50:.4f}")
        running = 0.0

encoder.eval(), decoder.eval()
with torch.no_grad():
    src, tgt = make_batch(1000)
    guess = decode(encoder, decoder, src).argmax(2)
print(f"symbol accuracy {(guess == tgt).float().mean().item():.4f}")
print(f"whole plates right {(guess == tgt).all(1).float().mean().item():.4f}")
