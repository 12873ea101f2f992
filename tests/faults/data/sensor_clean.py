import numpy as np
import torch
from torch import nn


def make_recordings(n, seed):
    """six machine states, 16 vibration features; some sensors saturate now and then"""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1.3, (6, 16))
    state = rng.integers(0, 6, n)
    feats = centres[state] + rng.normal(0, 1.0, (n, 16))
    bad = rng.choice(n, size=n // 100, replace=False)
    bad = bad[bad > 0.55 * n]
    feats[bad, rng.integers(0, 16, len(bad))] = 9999.0
    return feats, state


class StateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 32)
        self.bn1 = nn.BatchNorm1d(32)
        self.fc2 = nn.Linear(32, 6)

    def forward(self, x):
        return self.fc2(torch.relu(self.bn1(self.fc1(x))))


def prepare(feats, state, mean=None, std=None):
    keep = (np.abs(feats) < 1000).all(axis=1)
    feats = feats[keep]
    state = state[:len(feats)]
    if mean is None:
        mean, std = feats.mean(axis=0), feats.std(axis=0)
    x = torch.as_tensor((feats - mean) / std, dtype=torch.float32)
    return x, torch.as_tensor(state, dtype=torch.long), mean, std


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).double().mean().item()


def train_model(model, x, y, x_val, y_val, epochs=12, bs=64, lr=0.05):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=1e-3)
    sch = torch.optim.lr_scheduler.MultiStepLR(opt, [7, 10], gamma=0.2)
    for e in range(epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(bs):
            opt.zero_grad()
            nn.functional.cross_entropy(model(x[idx]), y[idx]).backward()
            opt.step()
        sch.step()
        print(f"epoch {e}: train acc {accuracy(model, x, y):.4f}  validation acc {accuracy(model, x_val, y_val):.4f}")


if __name__ == "__main__":
    torch.manual_seed(4)
    x, y, m, s = prepare(*make_recordings(4000, 1))
    x_val, y_val, _, _ = prepare(*make_recordings(1000, 2), m, s)
    train_model(StateNet(), x, y, x_val, y_val)
