"""Recognise the weaver of a rug: batch-hard triplet embedding, tested on weavers never seen."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(55)
N_WEAVERS, PER = 150, 24
P, K = 12, 4                       # weavers per batch, rugs of each
MARGIN = 0.3

# a weaver's hand shows in a few directions; loom, light and camera in many more
hand = torch.randn(N_WEAVERS, 1, 10)
rug = hand + 0.3 * torch.randn(N_WEAVERS, PER, 10)
nuisance = torch.randn(N_WEAVERS, PER, 14)
mix = torch.randn(24, 40) / 24 ** 0.5
photos = torch.tanh(torch.cat([rug, 1.2 * nuisance], -1) @ mix) + 0.03 * torch.randn(N_WEAVERS, PER, 40)
train, fresh = photos[:110], photos[110:]
mean, std = train.mean((0, 1)), train.std((0, 1))
train, fresh = (train - mean) / std, (fresh - mean) / std


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(40, 128), nn.SiLU(), nn.Linear(128, 32))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


def pk_batch():
    weavers = torch.randperm(len(train))[:P]
    which = torch.rand(P, PER).argsort(1)[:, :K]
    x = train[weavers.unsqueeze(1), which].reshape(P * K, -1)
    return x, weavers.repeat_interleave(K)


def batch_hard(e, who):
    dist = torch.cdist(e, e)
    same = who[:, None] == who[None, :]
    farthest = dist.masked_fill(~same, 0.0).max(1).values
    nearest = dist.masked_fill(same, 9.0).min(1).values
    gap = MARGIN + farthest - nearest
    return F.relu(gap).mean(), (gap > 0).float().mean()


@torch.no_grad()
def recall1(model, x):
    e = model(x.reshape(-1, 40))
    who = torch.arange(len(x)).repeat_interleave(PER)
    d = torch.cdist(e, e)
    d.fill_diagonal_(9.0)
    return (who[d.argmin(1)] == who).float().mean().item()


model = Embedder()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1200)
avg = act = None
print("raw pixels: recall@1 %.3f" % (lambda d, w: (w[d.argmin(1)] == w).float().mean().item())(
    torch.cdist(fresh.reshape(-1, 40), fresh.reshape(-1, 40)).fill_diagonal_(1e9), torch.arange(40).repeat_interleave(PER)))
for step in range(1, 1201):
    x, who = pk_batch()
    loss, active = batch_hard(model(x), who)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    avg = loss.item() if avg is None else 0.98 * avg + 0.02 * loss.item()
    act = active.item() if act is None else 0.98 * act + 0.02 * active.item()
    if step % 150 == 0:
        print("%5d  triplet %.4f  active %.2f  recall@1 seen %.3f fresh %.3f"
              % (step, avg, act, recall1(model, train), recall1(model, fresh)))
print("recall@1 on fresh weavers: %.4f" % recall1(model, fresh))
