"""Linear-chain CRF tagger for clay tablet transcriptions; forward algorithm and Viterbi by hand."""
import torch
import torch.nn as nn

torch.manual_seed(13)
TAGS, VOCAB, LENGTH = 5, 30, 16


def sample(n, trans, emit):
    tags = torch.zeros(n, LENGTH, dtype=torch.long)
    tags[:, 0] = torch.randint(0, TAGS, (n,))
    for t in range(1, LENGTH):
        tags[:, t] = torch.multinomial(trans[tags[:, t - 1]], 1).squeeze(1)
    words = torch.multinomial(emit[tags.flatten()], 1).view(n, LENGTH)
    return words, tags


class CRF(nn.Module):
    def __init__(self, n_tags):
        super().__init__()
        self.trans = nn.Parameter(torch.randn(n_tags, n_tags) * 0.1)
        self.start = nn.Parameter(torch.zeros(n_tags))

    def log_partition(self, emissions):
        alpha = self.start + emissions[:, 0]
        for t in range(1, emissions.size(1)):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.trans, dim=1) + emissions[:, t]
        return torch.logsumexp(alpha, dim=1)

    def path_score(self, emissions, tags):
        score = self.start[tags[:, 0]] + emissions.gather(2, tags.unsqueeze(2)).squeeze(2).sum(1)
        return score + self.trans[tags[:, :-1], tags[:, 1:]].sum(1)

    def nll(self, emissions, tags):
        return (self.log_partition(emissions) - self.path_score(emissions, tags)).mean() / LENGTH

    def viterbi(self, emissions):
        delta, back = self.start + emissions[:, 0], []
        for t in range(1, emissions.size(1)):
            best, idx = (delta.unsqueeze(2) + self.trans).max(dim=1)
            delta = best + emissions[:, t]
            back.append(idx)
        path = [delta.argmax(1)]
        for idx in reversed(back):
            path.append(idx.gather(1, path[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(path[::-1], 1)


class Scorer(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, dim)
        self.out = nn.Linear(dim, TAGS)

    def forward(self, words):
        return self.out(self.embed(words))


trans = torch.softmax(torch.randn(TAGS, TAGS) * 2.5, 1)
emit = torch.softmax(torch.randn(TAGS, VOCAB) * 1.1, 1)
train_words, train_tags = sample(1500, trans, emit)
test_words, test_tags = sample(500, trans, emit)

scorer, crf = Scorer(), CRF(TAGS)
optimizer = torch.optim.Adam(scorer.parameters(), lr=1e-2)

for epoch in range(1, 13):
    total = 0.0
    for idx in torch.randperm(len(train_words)).split(50):
        loss = crf.nll(scorer(train_words[idx]), train_tags[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        em = scorer(test_words)
        val = crf.nll(em, test_tags).item()
        acc = (crf.viterbi(em) == test_tags).float().mean().item()
    print(f"epoch {epoch:2d}  nll {total / len(train_words):.4f}  test nll {val:.4f}  viterbi accuracy {acc:.4f}")
