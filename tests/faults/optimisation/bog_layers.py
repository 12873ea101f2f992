"""Naming the layers of a peat core from centimetre-wise measurements with a linear-chain CRF on top of a small conv net.

Layers come in runs and follow each other in a restricted order, hence the CRF.
"""
import torch
import torch.nn as nn

LAYERS = ["sphagnum", "sedge", "wood", "clay", "ash"]
DEPTH = 32


def cores(n, g):
    k = len(LAYERS)
    move = torch.tensor([[0, 3, 1, 0, 1], [1, 0, 3, 0, 1], [0, 1, 0, 3, 1], [3, 0, 1, 0, 1], [1, 1, 1, 1, 0.]])
    move = 0.84 * torch.eye(k) + 0.16 * move / move.sum(1, keepdim=True)
    centre = torch.tensor([[1, 0, 0, .5], [0, 1, 0, .5], [.3, .3, 1, 0], [-1, 0, .4, 0], [0, -.6, -.6, -.6]])
    s = torch.randint(k, (n,), generator=g)
    states = []
    for _ in range(DEPTH):
        states.append(s)
        s = torch.multinomial(move[s], 1, generator=g).squeeze(1)
    y = torch.stack(states, 1)
    x = centre[y] + 0.55 * torch.randn(n, DEPTH, 4, generator=g)
    return x, y


class ChainCRF(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.start = nn.Parameter(torch.zeros(k))
        self.trans = nn.Parameter(torch.zeros(k, k))

    def nll(self, emit, y):
        n, t, _ = emit.shape
        path = emit.gather(2, y.unsqueeze(2)).squeeze(2).sum(1) + self.start[y[:, 0]]
        path = path + self.trans[y[:, :-1], y[:, 1:]].sum(1)
        alpha = self.start + emit[:, 0]
        for i in range(1, t):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.trans, 1) + emit[:, i]
        return (torch.logsumexp(alpha, 1) - path).mean()

    @torch.no_grad()
    def decode(self, emit):
        best, back = self.start + emit[:, 0], []
        for i in range(1, emit.shape[1]):
            best, where = (best.unsqueeze(2) + self.trans).max(1)
            best = best + emit[:, i]
            back.append(where)
        tag = best.argmax(1)
        tags = [tag]
        for where in reversed(back):
            tag = where.gather(1, tag.unsqueeze(1)).squeeze(1)
            tags.append(tag)
        return torch.stack(tags[::-1], 1)


class CoreModel(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(4, width, 5, padding=2), nn.ReLU(),
                                  nn.Conv1d(width, width, 5, padding=2), nn.ReLU(),
                                  nn.Conv1d(width, len(LAYERS), 1))
        self.crf = ChainCRF(len(LAYERS))

    def emissions(self, x):
        return self.body(x.transpose(1, 2)).transpose(1, 2)


def train_epoch(model, opt, x, y, size):
    total = 0.0
    for idx in torch.randperm(len(x)).split(size):
        opt.zero_grad()
        nll = model.crf.nll(model.emissions(x[idx]), y[idx])
        nll.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.08)
        opt.step()
        total += nll.item() * len(idx)
    return total / len(x)


def main():
    torch.manual_seed(3)
    g = torch.Generator().manual_seed(3)
    x, y = cores(1200, g)
    xv, yv = cores(250, g)
    model = CoreModel()
    opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    for epoch in range(6):
        nll = train_epoch(model, opt, x, y, 32)
        with torch.no_grad():
            emit = model.emissions(xv)
            held = model.crf.nll(emit, yv).item()
        agree = (model.crf.decode(emit) == yv).float().mean().item()
        print(f"{epoch:2d}\tnll/core {nll:7.3f}\theld-out {held:7.3f}\tcm agreed {agree:.3f}", flush=True)
    print(f"agreement on held-out cores = {agree:.4f}")


main()
