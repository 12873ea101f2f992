"""Whom should the grocer send a voucher?  Uplift net with a shared trunk and two heads (TARNet).

Half of the customers got a voucher at random; `bought` says whether they came
back within the month.  Simulated, so the true effect of each customer is known
and serves as the yardstick.
"""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

SEED = 77
np.random.seed(SEED)
torch.manual_seed(SEED)


def squash(z):
    return 1.0 / (1.0 + np.exp(-z))


class Trial(Dataset):
    """One row a customer: features, treated or not, bought or not, true effect."""

    def __init__(self, n):
        z = np.random.randn(n, 9).astype(np.float32)
        z[:, 7] = np.random.randint(0, 2, n) - 0.5
        quiet = -1.6 + 0.9 * z[:, 0] - 0.6 * z[:, 1] + 0.4 * z[:, 2] * z[:, 7]
        push = 0.9 + 1.1 * z[:, 3] - 0.8 * z[:, 4] * (z[:, 7] > 0) + 0.5 * np.tanh(z[:, 0])
        p0, p1 = squash(quiet), squash(quiet + push)
        self.t = np.random.randint(0, 2, n)
        p = np.where(self.t == 1, p1, p0)
        self.y = (np.random.rand(n) < p).astype(np.float32)
        self.x = z
        self.effect = p1 - p0

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], np.float32(self.t[i]), self.y[i]


def head(width):
    return nn.Sequential(nn.Linear(width, 32), nn.ELU(), nn.Linear(32, 1), nn.Sigmoid())


class TwoHeads(nn.Module):
    def __init__(self, n_features, width=64):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_features, width), nn.ELU(), nn.Linear(width, width), nn.ELU())
        self.without, self.with_voucher = head(width), head(width)

    def forward(self, x):
        h = self.trunk(x)
        return self.without(h).squeeze(1), self.with_voucher(h).squeeze(1)

    def factual(self, x, t):
        a, b = self(x)
        return torch.where(t > 0.5, b, a)


def uplift(model, data):
    model.eval()
    with torch.no_grad():
        a, b = model(torch.from_numpy(data.x))
    return (torch.sigmoid(b) - torch.sigmoid(a)).numpy()


def top_gain(score, data, share=0.3):
    """Mean true effect among the customers we would pick."""
    k = int(len(score) * share)
    return data.effect[np.argsort(-score)[:k]].mean()


def train(model, loader, valid, epochs):
    bce = nn.BCEWithLogitsLoss()
    opt = torch.optim.NAdam(model.parameters(), lr=2e-3)
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, total_iters=epochs)
    vx, vt, vy = torch.from_numpy(valid.x), torch.from_numpy(valid.t), torch.from_numpy(valid.y)
    for ep in range(epochs):
        model.train()
        losses = []
        for x, t, y in loader:
            loss = bce(model.factual(x, t), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        u = uplift(model, valid)
        with torch.no_grad():
            held = bce(model.factual(vx, vt), vy).item()
        print("%2d  factual loss %.4f / %.4f   mean uplift %+.3f   effect in top 30%% %.3f"
              % (ep, np.mean(losses), held, u.mean(), top_gain(u, valid)))
    return u


if __name__ == "__main__":
    fit, valid = Trial(12000), Trial(4000)
    print("bought: %.3f treated, %.3f control" % (fit.y[fit.t == 1].mean(), fit.y[fit.t == 0].mean()))
    net = TwoHeads(fit.x.shape[1])
    u = train(net, DataLoader(fit, batch_size=256, shuffle=True), valid, epochs=6)
    print("correlation with the true effect: %.4f" % np.corrcoef(u, valid.effect)[0, 1])
