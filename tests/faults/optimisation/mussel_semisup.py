"""Mussel growth rings, semi-supervised: few labelled profiles, many without labels.
A shared encoder feeds a classifier (labelled batch) and a decoder (all profiles)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)
CLASSES, LEN = 6, 32
t = torch.linspace(0, 1, LEN)


def profiles(n):
    y = torch.randint(CLASSES, (n,))
    freq = 2.0 + 0.5 * y.float() + 0.1 * torch.randn(n)
    phase = 6.28 * torch.rand(n)
    wave = torch.sin(6.28 * freq[:, None] * t + phase[:, None]) * (0.7 + 0.6 * torch.rand(n, 1))
    return (wave + 0.25 * torch.randn(n, LEN)) / 0.8, y


x_lab, y_lab = profiles(1200)
x_unl, _ = profiles(3000)
x_test, y_test = profiles(800)


class Encoder(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(LEN, 96), nn.ReLU(), nn.Linear(96, code))

    def forward(self, x):
        return self.net(x)


class SemiSup(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.encoder = Encoder(code)
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.ReLU(), nn.Linear(64, LEN))
        self.classifier = nn.Linear(code, CLASSES)


def batches(n, size):
    return torch.randperm(n).split(size)


def train_epoch(model, opt):
    model.train()
    sums = [0.0, 0.0]
    unl = batches(len(x_unl), 100)
    lab = batches(len(x_lab), 40)
    for u, l in zip(unl, lab):
        ce = F.cross_entropy(model.classifier(model.encoder(x_lab[l])), y_lab[l])
        ce.backward()
        opt.zero_grad()
        recon = F.mse_loss(model.decoder(model.encoder(x_unl[u])), x_unl[u])
        recon.backward()
        opt.step()
        sums[0] += ce.item()
        sums[1] += recon.item()
    return [s / len(unl) for s in sums]


@torch.no_grad()
def test(model):
    model.eval()
    logits = model.classifier(model.encoder(x_test))
    return F.cross_entropy(logits, y_test).item(), (logits.argmax(1) == y_test).float().mean().item()


model = SemiSup()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=20)
for epoch in range(1, 21):
    ce, rec = train_epoch(model, opt)
    sched.step()
    test_ce, acc = test(model)
    if epoch % 2 == 0:
        print(f"epoch {epoch:3d}  ce {ce:.4f}  recon {rec:.4f}  test ce {test_ce:.4f}  test acc {acc:.4f}")

print(f"test accuracy {acc:.4f}")
