"""Learning to describe lichen photos without labels (BYOL), then a linear probe with few labels.

Two random views of the same photo; the online network predicts what a slowly following copy
says about the other view.  The copy is never trained by gradients.
"""
import copy

import torch
from torch import nn
from torch.nn import functional as F
from sklearn.linear_model import LogisticRegression

torch.manual_seed(12)
GEN = torch.Generator().manual_seed(12)
S, KINDS = 12, 8


def photos(n):
    """kind = orientation/frequency of the thallus pattern; light, position and phase are nuisance"""
    kind = torch.randint(0, KINDS, (n,), generator=GEN)
    angle = (kind % 4).float() * 0.785 + 0.12 * torch.randn(n, generator=GEN)
    freq = torch.where(kind < 4, 0.9, 1.7) * (1 + 0.06 * torch.randn(n, generator=GEN))
    yy, xx = torch.meshgrid(torch.arange(S).float(), torch.arange(S).float(), indexing="ij")
    along = xx * angle.cos()[:, None, None] + yy * angle.sin()[:, None, None]
    img = torch.sin(freq[:, None, None] * along + 6.28 * torch.rand(n, 1, 1, generator=GEN))
    img = img + 1.1 * torch.randn(n, S, S, generator=GEN)
    return img.unsqueeze(1), kind


def view(x):
    """shift, contrast, brightness, noise"""
    dy, dx = torch.randint(0, S, (2,), generator=GEN).tolist()
    x = torch.roll(x, (dy, dx), (2, 3))
    a = 0.6 + 0.8 * torch.rand(len(x), 1, 1, 1, generator=GEN)
    b = 0.6 * torch.randn(len(x), 1, 1, 1, generator=GEN)
    return a * x + b + 0.2 * torch.randn(x.shape, generator=GEN)


class Encoder(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, c, 5, padding=2), nn.BatchNorm2d(c), nn.ReLU(),
                                 nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.BatchNorm2d(2 * c), nn.ReLU(),
                                 nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        return self.net(x)


def head(i, o=32, h=96):
    return nn.Sequential(nn.Linear(i, h), nn.BatchNorm1d(h), nn.ReLU(), nn.Linear(h, o))


def probe(encoder):
    encoder.eval()
    with torch.no_grad():
        f_few, f_test = encoder(few[0]).numpy(), encoder(test[0]).numpy()
    encoder.train()
    m, s = f_few.mean(0), f_few.std(0) + 1e-4
    clf = LogisticRegression(max_iter=500, C=0.3).fit((f_few - m) / s, few[1].numpy())
    return clf.score((f_test - m) / s, test[1].numpy())


unlabelled, _ = photos(2000)
few, test = photos(240), photos(600)
encoder = Encoder()
online = nn.Sequential(encoder, head(32))
predictor = head(32)
follower = copy.deepcopy(online)
for p in follower.parameters():
    p.requires_grad_(False)
opt = torch.optim.AdamW([*online.parameters(), *predictor.parameters()], lr=3e-3, weight_decay=1e-4)
STEPS, B = 200, 64
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, STEPS)
print(f"probe before any training: {probe(encoder):.3f}")
for step in range(1, STEPS + 1):
    x = unlabelled[torch.randint(0, len(unlabelled), (B,), generator=GEN)]
    v1, v2 = view(x), view(x)
    with torch.no_grad():
        t1, t2 = follower(v1), follower(v2)
    p1, p2 = predictor(online(v1)), predictor(online(v2))
    loss = -(F.cosine_similarity(p1, t2).mean() + F.cosine_similarity(p2, t1).mean()) / 2
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    with torch.no_grad():
        tau = 0.97 + 0.025 * step / STEPS
        for slow, fast in zip(follower.parameters(), online.parameters()):
            slow.mul_(tau).add_(fast, alpha=1 - tau)
    if step % 50 == 0:
        spread = F.normalize(t1, dim=1).std(0).mean().item()
        print(f"step {step} similarity loss {loss.item():+.4f} code spread {spread:.3f} probe {probe(encoder):.3f}")
print(f"linear probe accuracy: {probe(encoder):.4f}")
