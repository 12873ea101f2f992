"""Predict whether a road segment sees a moose collision in the season."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)


@dataclass
class Config:
    segments: int = 1400
    features: int = 14
    width: int = 64
    lr: float = 2e-3
    weight_decay: float = 1e-3
    epochs: int = 24
    batch: int = 64
    seed: int = 8


def road_segments(cfg, rng):
    x = rng.normal(size=(cfg.segments, cfg.features)).astype(np.float32)
    score = 1.3 * x[:, 0] * x[:, 1] + 1.1 * x[:, 2] - 0.9 * np.abs(x[:, 3]) + 0.7 * x[:, 4]
    score = score + rng.logistic(0, 0.55, cfg.segments)
    y = (score > np.quantile(score, 0.75)).astype(np.float32)
    return x, y


def balance(x, y, rng):
    """Repeat collision segments until both classes have the same size."""
    pos = np.flatnonzero(y == 1)
    extra = rng.choice(pos, size=int((y == 0).sum()) - len(pos), replace=True)
    keep = np.concatenate([np.arange(len(y)), extra])
    return x[keep], y[keep]


def split(x, y, rng, test_share=0.25):
    order = rng.permutation(len(y))
    cut = int(len(y) * test_share)
    return x[order[cut:]], y[order[cut:]], x[order[:cut]], y[order[:cut]]


def recalls(model, x, y):
    model.eval()
    with torch.no_grad():
        logit = model(x).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(logit, y).item()
    hit = ((logit > 0).float() == y).float()
    return loss, hit[y == 1].mean().item(), hit[y == 0].mean().item()


cfg = Config()
torch.manual_seed(cfg.seed)
rng = np.random.default_rng(cfg.seed)
x, y = road_segments(cfg, rng)
x, y = balance(x, y, rng)
x_train, y_train, x_test, y_test = split(x, y, rng)
x_train, y_train, x_test, y_test = map(torch.from_numpy, (x_train, y_train, x_test, y_test))
print("train", tuple(x_train.shape), "test", tuple(x_test.shape))

model = nn.Sequential(
    nn.Linear(cfg.features, cfg.width), nn.ReLU(), nn.Dropout(0.25),
    nn.Linear(cfg.width, cfg.width), nn.ReLU(), nn.Dropout(0.25),
    nn.Linear(cfg.width, 1),
)
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)

for epoch in range(cfg.epochs):
    model.train()
    perm = torch.randperm(len(y_train))
    for rows in perm.split(cfg.batch):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x_train[rows]).squeeze(1), y_train[rows])
        loss.backward()
        opt.step()
    if (epoch + 1) % 5 == 0:
        tr_loss, _, _ = recalls(model, x_train, y_train)
        te_loss, sens, spec = recalls(model, x_test, y_test)
        print(f"epoch {epoch + 1:2d} train {tr_loss:.3f} test {te_loss:.3f} sensitivity {sens:.3f} specificity {spec:.3f}")

print(f"balanced accuracy on test: {(sens + spec) / 2:.3f}")
