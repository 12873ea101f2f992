# Codes etched on glass slides are scanned from the back: the reader sees them mirrored and in the other case.
# A small attention encoder/decoder turns the scan back into the catalogue code.
import argparse
import string
import torch
import torch.nn as nn
import torch.nn.functional as F

PAD, BOS, EOS = 0, 1, 2
SYMBOLS = string.ascii_letters[:12] + string.ascii_uppercase[:12] + "0123456789-"
ID = {c: i + 3 for i, c in enumerate(SYMBOLS)}


def make_pair(g):
    n = int(torch.randint(4, 9, (1,), generator=g))
    code = "".join(SYMBOLS[i] for i in torch.randint(len(SYMBOLS), (n,), generator=g).tolist())
    return code[::-1].swapcase(), code


def pad(rows):
    return nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], padding_value=PAD)   # time, batch


def batch_of(pairs):
    src = pad([[ID[c] for c in s] for s, _ in pairs])
    tgt = pad([[BOS] + [ID[c] for c in t] + [EOS] for _, t in pairs])
    return src, tgt


class Encoder(nn.Module):
    def __init__(self, vocab, width):
        super().__init__()
        self.embed = nn.Embedding(vocab, 32, padding_idx=PAD)
        self.rnn = nn.GRU(32, width, bidirectional=True)
        self.squash = nn.Linear(2 * width, width)

    def forward(self, src):
        memory, _ = self.rnn(self.embed(src))
        memory = self.squash(memory)
        real = (src != PAD).unsqueeze(-1)
        return memory, (memory * real).sum(0) / real.sum(0)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, 1, bias=False)

    def forward(self, state, memory, keys, blocked):
        energy = self.v(torch.tanh(self.query(state) + keys)).squeeze(-1)     # time, batch
        weights = F.softmax(energy.masked_fill(blocked, -1e9), dim=1)
        return (weights.unsqueeze(-1) * memory).sum(0)


class Decoder(nn.Module):
    def __init__(self, vocab, width):
        super().__init__()
        self.embed = nn.Embedding(vocab, 32, padding_idx=PAD)
        self.attend = Attention(width)
        self.cell = nn.GRUCell(32 + width, width)
        self.out = nn.Linear(2 * width, vocab)

    def step(self, token, state, memory, keys, blocked):
        context = self.attend(state, memory, keys, blocked)
        state = self.cell(torch.cat([self.embed(token), context], -1), state)
        return self.out(torch.cat([state, context], -1)), state


def teacher_forced(enc, dec, src, tgt):
    memory, state = enc(src)
    keys, blocked, logits = dec.attend.key(memory), src == PAD, []
    for t in range(len(tgt) - 1):
        out, state = dec.step(tgt[t], state, memory, keys, blocked)
        logits.append(out)
    return torch.stack(logits)


@torch.no_grad()
def read_back(enc, dec, src, steps):
    memory, state = enc(src)
    keys, blocked, token, said = dec.attend.key(memory), src == PAD, torch.full((src.shape[1],), BOS), []
    for _ in range(steps):
        out, state = dec.step(token, state, memory, keys, blocked)
        token = out.argmax(-1)
        said.append(token)
    return torch.stack(said)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--batch", type=int, default=50)
    p.add_argument("--width", type=int, default=56)
    p.add_argument("--lr", type=float, default=8e-3)
    a = p.parse_args()
    torch.manual_seed(5)
    g = torch.Generator().manual_seed(5)
    train, held = [make_pair(g) for _ in range(3000)], [make_pair(g) for _ in range(250)]
    enc, dec = Encoder(len(ID) + 3, a.width), Decoder(len(ID) + 3, a.width)
    opt = torch.optim.AdamW([*enc.parameters(), *dec.parameters()], lr=a.lr, weight_decay=1e-4)
    src_h, tgt_h = batch_of(held)
    per_round = len(train) // a.batch
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, a.lr, total_steps=a.rounds * per_round)
    for r in range(a.rounds):
        order, total = torch.randperm(len(train), generator=g).tolist(), 0.0
        for b in range(per_round):
            src, tgt = batch_of([train[i] for i in order[b * a.batch:(b + 1) * a.batch]])
            logits = teacher_forced(enc, dec, src, tgt)
            loss = F.cross_entropy(logits.flatten(0, 1), tgt[1:].flatten(), ignore_index=PAD)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*enc.parameters(), *dec.parameters()], 2.0)
            opt.step()
            sched.step()
            total += loss.item()
        said, real = read_back(enc, dec, src_h, len(tgt_h) - 1), tgt_h[1:] != PAD
        right = (said == tgt_h[1:])[real].float().mean().item()
        print(f"[{r + 1}/{a.rounds}] loss={total / per_round:.3f} symbols_right={right:.3f}", flush=True)
    print(f"final symbols right: {right:.4f}")


main()
