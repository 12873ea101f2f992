"""Which hiking trails will a member bookmark next?  Bayesian personalised ranking."""
import torch
from torch import nn
import torch.nn.functional as F


class Settings:
    members = 500
    trails = 300
    dim = 8
    epochs = 20
    batch = 512
    lr = 0.02
    seed = 12


def bookmarks(cfg):
    g = torch.Generator().manual_seed(cfg.seed)
    fit = torch.randn(cfg.members, 4, generator=g) @ torch.randn(4, cfg.trails, generator=g)
    fame = 1.0 * torch.randn(cfg.trails, generator=g)
    gumbel = -torch.log(-torch.log(torch.rand(cfg.members, cfg.trails, generator=g)))
    chosen = (1.3 * fit + fame + gumbel).topk(40, dim=1).indices
    chosen = chosen[:, torch.randperm(40, generator=g)]
    return chosen[:, :32], chosen[:, 32:]


class BPR(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.member = nn.Parameter(torch.empty(cfg.members, cfg.dim))
        self.trail = nn.Parameter(torch.empty(cfg.trails, cfg.dim))
        self.fame = nn.Parameter(torch.zeros(cfg.trails))
        for w in (self.member, self.trail):
            nn.init.normal_(w, std=cfg.dim ** 0.5)

    def score(self, m, t):
        return (self.member[m] * self.trail[t]).sum(-1) + self.fame[t]

    def everything(self):
        return self.member @ self.trail.T + self.fame


def ranking_quality(model, seen, hidden):
    """Probability that a hidden bookmark outranks a trail never bookmarked."""
    with torch.no_grad():
        s = model.everything()
        free = torch.ones_like(s, dtype=torch.bool)
        free.scatter_(1, seen, False)
        free.scatter_(1, hidden, False)
        pos = s.gather(1, hidden).unsqueeze(2)
        wins = ((pos > s.unsqueeze(1)) & free.unsqueeze(1)).sum((1, 2)).float()
        return (wins / (hidden.shape[1] * free.sum(1))).mean().item()


def train(cfg):
    torch.manual_seed(cfg.seed)
    seen, hidden = bookmarks(cfg)
    taken = torch.zeros(cfg.members, cfg.trails, dtype=torch.bool)
    taken.scatter_(1, seen, True)
    who = torch.arange(cfg.members).repeat_interleave(seen.shape[1])
    what = seen.reshape(-1)
    model = BPR(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    anneal = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs, eta_min=cfg.lr / 20)
    for epoch in range(cfg.epochs):
        order = torch.randperm(len(who))
        tally = torch.zeros(2)
        for at in order.split(cfg.batch):
            m, pos = who[at], what[at]
            neg = torch.randint(cfg.trails, pos.shape)
            keep = ~taken[m, neg]
            m, pos, neg = m[keep], pos[keep], neg[keep]
            lead = model.score(m, pos) - model.score(m, neg)
            size = (model.member[m] ** 2 + model.trail[pos] ** 2 + model.trail[neg] ** 2).sum(1).mean()
            loss = -F.logsigmoid(lead).mean() + 0.008 * size
            opt.zero_grad()
            loss.backward()
            opt.step()
            tally += torch.tensor([-F.logsigmoid(lead.detach()).sum(), float(len(m))])
        anneal.step()
        auc = ranking_quality(model, seen, hidden)
        if (epoch + 1) % 2 == 0:
            print(f"after {epoch + 1} passes: bpr {tally[0] / tally[1]:.3f}, auc {auc:.3f}")
    return auc


print(f"AUC over hidden bookmarks = {train(Settings):.4f}")
