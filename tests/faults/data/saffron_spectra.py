# Is the saffron pure, or cut with turmeric / safflower / paprika?  NIR spectra, 1-D convnet.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

KINDS = ["pure", "turmeric", "safflower", "paprika"]
BANDS = 80


def scan(n, seed):
    rng = np.random.default_rng(seed)
    band = np.linspace(0, 1, BANDS)
    bump = lambda c, w: np.exp(-((band - c) / w) ** 2)
    base = 0.9 * bump(0.25, 0.08) + 0.6 * bump(0.7, 0.12)
    extra = [0 * band, bump(0.4, 0.05), bump(0.55, 0.05), bump(0.86, 0.05)]
    y = rng.integers(0, len(KINDS), n)
    share = rng.uniform(0.12, 0.5, n)
    clean = np.stack([base + s * extra[k] for k, s in zip(y, share)])
    # packing density changes gain and offset from cup to cup
    gain = rng.lognormal(0, 0.35, (n, 1))
    offset = rng.normal(1.0, 0.4, (n, 1))
    spectra = offset + gain * (clean + rng.normal(0, 0.06, clean.shape))
    return spectra.astype(np.float32), y


class SpectraNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 12, 7, padding=3)
        self.conv2 = nn.Conv1d(12, 24, 5, padding=2)
        self.fc1 = nn.Linear(24 * 20, 32)
        self.fc2 = nn.Linear(32, len(KINDS))

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 2)
        x = F.max_pool1d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class Experiment:
    def __init__(self, seed=4):
        torch.manual_seed(seed)
        raw, y = scan(1600, seed)
        # standard normal variate: every spectrum on its own
        snv = (raw - raw.mean(axis=1, keepdims=True)) / raw.std(axis=1, keepdims=True)
        self.x, self.y = torch.from_numpy(snv)[:, None], torch.from_numpy(y)
        self.net = SpectraNet()
        self.opt = torch.optim.Adam(self.net.parameters(), lr=2e-3, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 10)

    def epoch(self):
        self.net.train()
        total = hits = 0
        for idx in torch.randperm(len(self.x)).split(50):
            out = self.net(self.x[idx])
            loss = F.cross_entropy(out, self.y[idx])
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(idx)
            hits += (out.argmax(1) == self.y[idx]).sum().item()
        self.sched.step()
        return total / len(self.x), hits / len(self.x)

    @torch.no_grad()
    def test(self, seed=77):
        raw, y = scan(500, seed)
        x = torch.from_numpy((raw - raw.mean()) / raw.std())[:, None]
        self.net.eval()
        out, y = self.net(x), torch.from_numpy(y)
        return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


exp = Experiment()
for e in range(10):
    loss, acc = exp.epoch()
    test_loss, test_acc = exp.test()
    print(f"epoch {e + 1:02d}: train {loss:.4f} / {acc:.3f}   test {test_loss:.4f} / {test_acc:.3f}")
print(f"test accuracy: {test_acc:.4f}")
