# Few-shot sorting of coins from newly found hoards.
# A museum measures 64 spectral/relief channels per coin.  A new mint turns up with only
# three labelled coins, so we train a prototypical network on mints we know already and
# then test it on mints it has never met.
import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
world = np.random.default_rng(42)

Z, NUIS, CH = 6, 20, 64
MIX_1 = world.normal(size=(Z + NUIS, 96)) / np.sqrt(Z + NUIS)
MIX_2 = world.normal(size=(96, CH)) / np.sqrt(96)


def strike(mint_codes, per_mint, rng):
    """coins of each mint: stable mint code + wear, corrosion, lighting..."""
    n = len(mint_codes)
    code = mint_codes[:, None, :] + 0.25 * rng.normal(size=(n, per_mint, Z))
    wear = 1.3 * rng.normal(size=(n, per_mint, NUIS))
    raw = np.tanh(np.concatenate([1.6 * code, wear], -1) @ MIX_1 * 1.2) @ MIX_2
    raw += 0.03 * rng.normal(size=raw.shape)
    return raw.astype(np.float32)


train_pool = strike(world.normal(size=(150, Z)), 40, world)
test_pool = strike(world.normal(size=(60, Z)), 40, world)
mu, sd = train_pool.mean((0, 1)), train_pool.std((0, 1))
train_pool, test_pool = (train_pool - mu) / sd, (test_pool - mu) / sd


def episode(pool, n_way=8, n_shot=3, n_query=8, seed=7):
    rng = np.random.default_rng(seed)
    mints = rng.choice(len(pool), n_way, replace=False)
    sup, qry = [], []
    for m in mints:
        coins = rng.choice(pool.shape[1], n_shot + n_query, replace=False)
        sup.append(pool[m, coins[:n_shot]])
        qry.append(pool[m, coins[n_shot:]])
    y = np.repeat(np.arange(n_way), n_query)
    return (torch.from_numpy(np.stack(sup)), torch.from_numpy(np.concatenate(qry)),
            torch.from_numpy(y))


class Embed(nn.Module):
    def __init__(self, width=128, out=24):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(CH, width), nn.LeakyReLU(0.1),
                                  nn.Linear(width, width), nn.LeakyReLU(0.1),
                                  nn.Linear(width, out))
        self.log_temp = nn.Parameter(torch.tensor(0.0))

    def scores(self, support, query):
        way, shot, _ = support.shape
        proto = self.body(support.reshape(way * shot, -1)).view(way, shot, -1).mean(1)
        d2 = torch.cdist(self.body(query), proto) ** 2
        return -d2 * self.log_temp.exp() / proto.shape[1]


def exam(net, n_episodes=100):
    hits = []
    with torch.no_grad():
        for k in range(n_episodes):
            s, q, y = episode(test_pool, seed=10_000 + k)
            hits.append((net.scores(s, q).argmax(1) == y).float().mean().item())
    return np.mean(hits), 1.96 * np.std(hits) / np.sqrt(n_episodes)


net = Embed()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
N_EPISODES = 900
decay = torch.optim.lr_scheduler.CosineAnnealingLR(opt, N_EPISODES)
window = []
for step in range(N_EPISODES):
    support, query, y = episode(train_pool)
    loss = nn.functional.cross_entropy(net.scores(support, query), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    decay.step()
    window.append(loss.item())
    if (step + 1) % 150 == 0:
        acc, ci = exam(net, 20)
        print("episode %4d   loss %.4f   unseen mints: %.3f +- %.3f" % (step + 1, np.mean(window), acc, ci))
        window.clear()

acc, ci = exam(net)
print("8-way 3-shot accuracy on unseen mints: %.4f (+- %.4f)" % (acc, ci))
