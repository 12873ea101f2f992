"""Spoken crane commands on the dock, from a headset microphone.

Six commands are synthesised as sequences of gliding formants, turned into log spectrograms and read by a GRU.
"""
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

RATE, FRAMES, BANDS = 4000, 40, 32
WORDS = {  # two syllables each: (start Hz, end Hz) of the main formant
    "hoist": [(400, 900), (1200, 1200)],
    "lower": [(900, 400), (1200, 1200)],
    "left": [(700, 700), (1500, 900)],
    "right": [(700, 700), (900, 1500)],
    "halt": [(1200, 1200), (400, 900)],
    "slew": [(1200, 1200), (900, 400)],
}


def utter(word, rng):
    length = 2600
    wave = np.zeros(length)
    at = int(rng.integers(50, 450))
    pitch = rng.normal(1.0, 0.05)
    for lo, hi in WORDS[word]:
        n = int(rng.integers(750, 1000))
        freq = np.linspace(lo, hi, n) * pitch + rng.normal(0, 15)
        tone = np.sin(2 * np.pi * np.cumsum(freq) / RATE) * np.hanning(n)
        wave[at:at + n] += tone[: length - at]
        at += n - int(rng.integers(0, 120))
    return wave * rng.uniform(0.6, 1.4) + rng.normal(0, 0.35, length)


class Commands(Dataset):
    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        self.y = torch.tensor(rng.integers(0, len(WORDS), n))
        names = list(WORDS)
        waves = torch.tensor(np.stack([utter(names[i], rng) for i in self.y.tolist()]), dtype=torch.float32)
        spec = torch.stft(waves, 62, hop_length=64, window=torch.hann_window(62), return_complex=True, center=False)
        spec = torch.log(spec.abs() + 0.05)[:, :, :FRAMES]           # clips, bands, frames
        self.stats = stats or (spec.mean().item(), spec.std().item())
        self.x = (spec - self.stats[0]) / self.stats[1]

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Spotter(torch.nn.Module):
    def __init__(self, bands, width, words):
        super().__init__()
        self.norm = torch.nn.LayerNorm(bands)
        self.gru = torch.nn.GRU(bands, width, batch_first=True)
        self.head = torch.nn.Linear(width, words)

    def forward(self, spec):
        n, bands, frames = spec.shape
        seq = spec.reshape(n, frames, bands)
        out, _ = self.gru(self.norm(seq))
        return self.head(out.mean(1))


def score(model, data):
    model.eval()
    with torch.no_grad():
        logits = model(data.x)
        loss = torch.nn.functional.cross_entropy(logits, data.y).item()
    model.train()
    return loss, (logits.argmax(1) == data.y).float().mean().item()


torch.manual_seed(31)
train = Commands(2000, 1)
dev = Commands(400, 2, train.stats)
print("spectrograms", tuple(train.x.shape), "classes", np.bincount(train.y.numpy()).tolist())
loader = DataLoader(train, batch_size=50, shuffle=True)
model = Spotter(BANDS, 40, len(WORDS))
opt = torch.optim.NAdam(model.parameters(), lr=8e-3)
plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    seen = 0.0
    for spec, y in loader:
        opt.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(spec), y)
        loss.backward()
        opt.step()
        seen += loss.item() * len(y)
    plan.step()
    dev_loss, dev_acc = score(model, dev)
    print("epoch %2d  train loss %.4f  dev loss %.4f  dev accuracy %.3f" % (epoch, seen / len(train), dev_loss, dev_acc))
print("spotting accuracy: %.4f" % dev_acc)
