"""Which of two trails will a hiker choose?  An encoder for trail texts, a scorer on top, one optimiser for each."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(29)
VOCAB, LENGTH, HIDDEN = 60, 10, 32
appeal = torch.randn(VOCAB)
interplay = 0.9 * torch.randn(VOCAB, 4)


def trails(n):
    words = torch.randint(0, VOCAB, (n, LENGTH))
    v = interplay[words].mean(1)
    value = appeal[words].mean(1) * 2 + (v[:, 0] * v[:, 1] - v[:, 2] * v[:, 3]) * 3
    return words, value


def pairs(n):
    a, va = trails(n)
    b, vb = trails(n)
    return a, b, (va - vb + 0.1 * torch.randn(n) > 0).float()


class TextEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 24)
        self.mix = nn.Linear(24, HIDDEN)

    def forward(self, words):
        return torch.tanh(self.mix(self.emb(words).mean(1) * 3))


class Scorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(HIDDEN, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, h):
        return self.net(h).squeeze(1)


encoder, scorer = TextEncoder(), Scorer()
enc_opt = torch.optim.Adam(encoder.parameters(), lr=4e-3, weight_decay=1e-5)
score_opt = torch.optim.Adam(scorer.parameters(), lr=4e-3, weight_decay=1e-5)
train = pairs(6000)
valid = pairs(1000)


def logits(a, b):
    return scorer(encoder(a)) - scorer(encoder(b))


def accuracy(split):
    encoder.eval(), scorer.eval()
    with torch.no_grad():
        a, b, y = split
        return ((logits(a, b) > 0).float() == y).float().mean().item()


for epoch in range(8):
    encoder.train(), scorer.train()
    total = 0.0
    for idx in torch.randperm(len(train[2])).split(40):
        a, b, y = (t[idx] for t in train)
        loss = F.binary_cross_entropy_with_logits(logits(a, b), y)
        enc_opt.zero_grad()
        score_opt.zero_grad()
        loss.backward()
        score_opt.step()
        total += loss.item() * len(idx)
    if epoch % 2 == 1:
        print(f"epoch {epoch + 1}: loss {total / 6000:.4f}  valid acc {accuracy(valid):.3f}")

print(f"valid accuracy: {accuracy(valid):.4f}")
