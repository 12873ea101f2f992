"""Wide & deep model for clicks on hotel cards of a booking page."""
import numpy as np
import torch
from torch import nn
from sklearn.metrics import roc_auc_score

FIELDS = {"country": 30, "hotel": 150, "device": 4, "purpose": 5, "slot": 10}
HASH = 1024
PENALTY = 2e-2


def impressions(n, seed):
    g = np.random.default_rng(seed)
    truth = np.random.default_rng(99)
    hotel_base = truth.normal(0, 1.4, FIELDS["hotel"])
    a, b = truth.normal(0, 1, (30, 3)), truth.normal(0, 1, (150, 3))
    special = truth.normal(0, 1.0, (4, 5))
    c = {k: g.integers(0, m, n) for k, m in FIELDS.items()}
    price = g.normal(0, 1, n)
    score = g.normal(0, 1, n)
    z = (-0.7 + hotel_base[c["hotel"]] + 0.2 * (a[c["country"]] * b[c["hotel"]]).sum(1)
         + special[c["device"], c["purpose"]] - 0.12 * c["slot"] + 0.5 * score
         - 0.6 * price * (c["purpose"] < 3))
    click = g.random(n) < 1 / (1 + np.exp(-1.3 * z))
    cats = np.stack([c[k] for k in FIELDS], 1)
    return torch.tensor(cats), torch.tensor(np.stack([price, score], 1), dtype=torch.float32), torch.tensor(click).float()


class WideDeep(nn.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(m, dim) for m in FIELDS.values())
        self.first_order = nn.ModuleList(nn.Embedding(m, 1) for m in FIELDS.values())
        self.crossed = nn.Embedding(HASH, 1)
        self.deep = nn.Sequential(nn.Linear(dim * len(FIELDS) + 2, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
        for emb in [*self.tables, *self.first_order, self.crossed]:
            nn.init.normal_(emb.weight, std=0.05)

    def forward(self, cats, nums):
        cross = cats[:, 2] * 5 + cats[:, 3]
        wide = sum(t(cats[:, i]) for i, t in enumerate(self.first_order)) + self.crossed(cross % HASH)
        deep = self.deep(torch.cat([t(cats[:, i]) for i, t in enumerate(self.tables)] + [nums], 1))
        return (wide + deep).squeeze(1)

    def ridge(self):
        return sum(w.pow(2).sum() for w in self.parameters())


def batches(n, size, gen):
    order = torch.randperm(n, generator=gen)
    for i in range(0, n - size + 1, size):
        yield order[i:i + size]


def fit():
    torch.manual_seed(8)
    gen = torch.Generator().manual_seed(8)
    cats, nums, click = impressions(50000, 1)
    vcats, vnums, vclick = impressions(6000, 2)
    net = WideDeep()
    loss_fn = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    decay = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.6)
    print("click rate", round(click.mean().item(), 3))
    for epoch in range(6):
        net.train()
        ce_sum, k = 0.0, 0
        for idx in batches(len(click), 500, gen):
            ce = loss_fn(net(cats[idx], nums[idx]), click[idx])
            opt.zero_grad()
            (ce + PENALTY * net.ridge()).backward()
            opt.step()
            ce_sum += ce.item()
            k += 1
        decay.step()
        net.eval()
        with torch.no_grad():
            v = net(vcats, vnums)
        auc = roc_auc_score(vclick.numpy(), v.numpy())
        print(f"pass {epoch + 1} logloss={ce_sum / k:.4f} val_logloss={loss_fn(v, vclick).item():.4f} val_auc={auc:.4f}")
    return auc


if __name__ == "__main__":
    print(f"AUC on new impressions {fit():.4f}")
