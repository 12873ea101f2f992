"""Sorting office: route envelopes to eight districts from hand-keyed features.

Six experts each give a probability per district; a gate blends the probabilities and the blend is scored by its
log-likelihood.  A balance term keeps all the experts in work.
"""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def envelopes(n, seed):
    g = torch.Generator().manual_seed(seed)
    w = torch.Generator().manual_seed(5)
    offices = 4
    maps = torch.randn(offices, 10, 8, generator=w)
    office = torch.randint(offices, (n,), generator=g)
    marks = torch.randn(offices, 4, generator=w) * 1.6
    x = torch.randn(n, 10, generator=g)
    score = torch.einsum("nd,ndk->nk", x, maps[office])
    y = (score + 0.3 * torch.randn(n, 8, generator=g)).argmax(1)
    stamp = marks[office] + 0.4 * torch.randn(n, 4, generator=g)
    return TensorDataset(torch.cat([x, stamp], 1), y)


class Blend(nn.Module):
    def __init__(self, n_in=14, experts=6, districts=8):
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(n_in, districts), nn.Softmax(dim=-1))
            for _ in range(experts))
        self.gate = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Linear(32, experts), nn.Softmax(dim=-1))

    def forward(self, x):
        g = self.gate(x)
        p = torch.stack([e(x) for e in self.experts], 1)
        return (g.unsqueeze(-1) * p).sum(1), g


def main():
    torch.manual_seed(65)
    train = DataLoader(envelopes(20000, 1), batch_size=128, shuffle=True)
    xv, yv = envelopes(3000, 2).tensors
    model = Blend()
    opt = torch.optim.Adam(model.parameters(), lr=2e-2)
    epochs = 7
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs * len(train))
    for epoch in range(1, epochs + 1):
        model.train()
        nll_sum, n = 0.0, 0
        for x, y in train:
            p, g = model(x)
            nll = -p.gather(1, y[:, None]).clamp_min(1e-8).log().mean()
            usage = g.mean(0)
            loss = nll + 0.1 * (usage * (usage * len(usage)).log()).sum()
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            nll_sum, n = nll_sum + nll.item() * len(y), n + len(y)
        model.eval()
        with torch.no_grad():
            p, g = model(xv)
            v = -p.gather(1, yv[:, None]).log().mean().item()
            acc = (p.argmax(1) == yv).float().mean().item()
        work = " ".join(f"{u:.2f}" for u in g.mean(0))
        print(f"epoch {epoch}: nll {nll_sum / n:.3f} held-out {v:.3f} routed right {acc:.3f} experts at work {work}")
    print(f"held-out envelopes routed right: {acc:.4f}")


if __name__ == "__main__":
    main()
