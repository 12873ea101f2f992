"""Names the key of a hymn (12 majors) from 20 chord-less melody notes, for a parish's hymnal database.

A small transformer encoder over pitch tokens, relative order of notes included.
"""
import math

import numpy as np
import torch
import torch.nn as nn

cfg = dict(dim=48, heads=4, layers=1, notes=20, batch=64, lr=1.5e-3, epochs=1, train=6400, test=800, seed=17)

rng = np.random.default_rng(cfg["seed"])
torch.manual_seed(cfg["seed"])
MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
WEIGHT = np.array([.22, .12, .18, .10, .18, .12, .08])


def hymns(n):
    """Pitches 0..35 (three octaves).  One note in six is chromatic, and the last note need not be the tonic."""
    key = rng.integers(0, 12, n)
    degree = rng.choice(7, size=(n, cfg["notes"]), p=WEIGHT)
    octave = rng.integers(0, 2, size=(n, cfg["notes"]))
    pitch = key[:, None] + MAJOR[degree] + 12 * octave
    stray = rng.random(pitch.shape) < 1 / 6
    pitch = np.where(stray, rng.integers(0, 35, pitch.shape), pitch)
    return torch.tensor(pitch), torch.tensor(key)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.att = nn.MultiheadAttention(d, heads, batch_first=True)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):
        y = self.n1(x)
        x = x + self.att(y, y, y, need_weights=False)[0]
        return x + self.ff(self.n2(x))


class KeyFinder(nn.Module):
    def __init__(self, d, heads, layers):
        super().__init__()
        self.pitch = nn.Embedding(36, d)
        self.place = nn.Parameter(0.02 * torch.randn(cfg["notes"], d))
        self.blocks = nn.Sequential(*[Block(d, heads) for _ in range(layers)])
        self.out = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 12))

    def forward(self, pitch):
        h = self.blocks(self.pitch(pitch) + self.place)
        return self.out(h.mean(1))


x_train, y_train = hymns(cfg["train"])
x_test, y_test = hymns(cfg["test"])
model = KeyFinder(cfg["dim"], cfg["heads"], cfg["layers"])
steps_per_epoch = cfg["train"] // cfg["batch"]
optimizer = torch.optim.RAdam(model.parameters(), lr=cfg["lr"])
loss_function = nn.CrossEntropyLoss()


def test_accuracy():
    model.eval()
    with torch.no_grad():
        hit = (model(x_test).argmax(1) == y_test).double().mean().item()
    model.train()
    return hit


window, step = [], 0
for epoch in range(cfg["epochs"]):
    order = torch.randperm(cfg["train"]).view(steps_per_epoch, cfg["batch"])
    for rows in order:
        loss = loss_function(model(x_train[rows]), y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        window.append(loss.item())
        step += 1
        if step % 25 == 0:
            print(f"step {step:4d} | loss {sum(window) / len(window):.4f} (ln 12 = {math.log(12):.2f}) | test acc {test_accuracy():.3f}")
            window = []
print(f"Key recognised in {test_accuracy():.4f} of the test hymns")
