"""
Match amateur sketches to their captions for a museum's picture search.

Sketches come as 32 shape descriptors, captions as six tokens.  Two encoders are trained so
that the right pair in a batch scores above all wrong pairs, in both directions.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

TOPICS, VOCAB, LEN = 12, 180, 6


def pairs(n, gen):
    meaning = torch.randn(n, TOPICS, generator=gen)
    draw = torch.randn(TOPICS, 32, generator=torch.Generator().manual_seed(1))
    lexicon = torch.randn(TOPICS, VOCAB, generator=torch.Generator().manual_seed(2))
    shape = torch.tanh(meaning @ draw / 3) * 2 + 0.3 * torch.randn(n, 32, generator=gen)
    gumbel = -torch.log(-torch.log(torch.rand(n, VOCAB, generator=gen) + 1e-9) + 1e-9)
    words = (1.6 * meaning @ lexicon + gumbel).topk(LEN, dim=1).indices
    return (shape - shape.mean(0)) / shape.std(0), words


class SketchEncoder(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(32, 96), nn.GELU(), nn.Linear(96, out))

    def forward(self, s):
        return F.normalize(self.net(s), dim=1)


class CaptionEncoder(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, 64, mode="mean")
        self.net = nn.Sequential(nn.Linear(64, 96), nn.GELU(), nn.Linear(96, out))

    def forward(self, w):
        return F.normalize(self.net(self.bag(w)), dim=1)


class Matcher(nn.Module):
    def __init__(self, out=24):
        super().__init__()
        self.sketch, self.caption = SketchEncoder(out), CaptionEncoder(out)
        self.log_temp = nn.Parameter(torch.tensor(2.0))

    def forward(self, s, w):
        return self.log_temp.exp() * self.sketch(s) @ self.caption(w).T


def two_way(similarity):
    to_caption = similarity.log_softmax(dim=1).diagonal()
    to_sketch = similarity.log_softmax(dim=0).diagonal()
    return -(to_caption + to_sketch).mean() / 2


@torch.no_grad()
def found_first(model, s, w, pool=20):
    hits = []
    for a, b in zip(s.split(pool), w.split(pool)):
        hits.append(model(a, b).argmax(1) == torch.arange(len(a)))
    return torch.cat(hits).float().mean().item()


def main():
    gen = torch.Generator().manual_seed(83)
    torch.manual_seed(83)
    s, w = pairs(9000, gen)
    s_tr, w_tr, s_te, w_te = s[:8000], w[:8000], s[8000:], w[8000:]
    model = Matcher()
    epochs = 12
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        total, k = 0.0, 0
        for idx in torch.randperm(len(s_tr)).split(100):
            loss = two_way(model(s_tr[idx], w_tr[idx]))
            opt.zero_grad()
            loss.backward()
            opt.step()
            total, k = total + loss.item(), k + 1
        sched.step()
        print(f"epoch {epoch + 1:2d} contrast {total / k:.3f} temperature {model.log_temp.exp().item():.1f} "
              f"first of twenty {found_first(model, s_te, w_te):.3f}")
    print(f"right caption ranked first of twenty: {found_first(model, s_te, w_te):.4f}")


main()
