"""A pupil model for a pocket bird-call detector.

The big teacher is trained first and then left alone; the pupil learns from its softened
answers (T = 4) and from a hint on its middle layer.  Ten call types, two of which even the teacher
often confuses.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

TEMP, ALPHA, HINT = 4.0, 0.9, 0.3


def calls(n, seed):
    fixed = torch.Generator().manual_seed(77)
    centres = torch.randn(10, 3, 8, generator=fixed)
    centres[9] = centres[8] + 0.25 * torch.randn(3, 8, generator=fixed)
    lift = torch.randn(8, 40, generator=fixed) / 8 ** 0.5
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 10, (n,), generator=g)
    dialect = torch.randint(0, 3, (n,), generator=g)
    z = centres[y, dialect] + 0.5 * torch.randn(n, 8, generator=g)
    x = torch.tanh(z @ lift * 1.5) + 0.2 * torch.randn(n, 40, generator=g)
    return x / 0.75, y


class Net(nn.Module):
    def __init__(self, width, drop=0.0):
        super().__init__()
        self.a, self.b = nn.Linear(40, width), nn.Linear(width, width)
        self.drop, self.out = nn.Dropout(drop), nn.Linear(width, 10)

    def forward(self, x):
        mid = F.relu(self.a(x))
        return self.out(self.drop(F.relu(self.b(mid)))), mid


def cosine(opt, total):
    return torch.optim.lr_scheduler.CosineAnnealingLR(opt, total)


@torch.no_grad()
def accuracy(net, x, y):
    was = net.training
    net.eval()
    hit = (net(x)[0].argmax(1) == y).float().mean().item()
    net.train(was)
    return hit


def train_teacher(loader, epochs=6):
    net = Net(256, drop=0.3)
    opt = torch.optim.Adam(net.parameters(), 1.5e-3, weight_decay=1e-5)
    sched = cosine(opt, epochs * len(loader))
    for _ in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(net(x)[0], y, label_smoothing=0.05).backward()
            opt.step()
            sched.step()
    for p in net.parameters():
        p.requires_grad_(False)
    return net.eval()


def distil(teacher, loader, test, epochs=8):
    pupil = Net(48)
    bridge = nn.Linear(48, 256)
    opt = torch.optim.Adam([*pupil.parameters(), *bridge.parameters()], 6e-3)
    sched = cosine(opt, epochs * len(loader))
    for e in range(epochs):
        parts = torch.zeros(3)
        for x, y in loader:
            with torch.no_grad():
                soft, mid_t = teacher(x)
            logits, mid = pupil(x)
            l_soft = -(F.softmax(soft / TEMP, 1) * F.log_softmax(logits / TEMP, 1)).sum(1).mean() * TEMP ** 2
            l_hard = F.cross_entropy(logits, y)
            l_hint = F.mse_loss(bridge(mid), mid_t)
            loss = ALPHA * l_soft + (1 - ALPHA) * l_hard + HINT * l_hint
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            parts += torch.stack([l_soft, l_hard, l_hint]).detach()
        s, h, m = (parts / len(loader)).tolist()
        agree = (teacher(test[0])[0].argmax(1) == pupil(test[0])[0].argmax(1)).float().mean()
        print(f"pupil epoch {e}: soft {s:.3f} hard {h:.3f} hint {m:.4f} | agrees {agree:.3f} acc {accuracy(pupil, *test):.3f}")
    return pupil


torch.manual_seed(9)
train, test = calls(8000, 1), calls(2000, 2)
loader = DataLoader(TensorDataset(*train), batch_size=128, shuffle=True, drop_last=True)
teacher = train_teacher(loader)
print(f"teacher: train {accuracy(teacher, *train):.3f} test {accuracy(teacher, *test):.3f}")
pupil = distil(teacher, loader, test)
print(f"pupil test accuracy {accuracy(pupil, *test):.4f}, train accuracy {accuracy(pupil, *train):.4f}")
