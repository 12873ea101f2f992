"""Forecast of the level behind a tide gate, one long record cut into 32 parallel streams, state carried along."""
import numpy as np
import torch
import torch.nn as nn


def level_record(n, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    tide = np.sin(2 * np.pi * t / 24.8) + 0.4 * np.sin(2 * np.pi * t / 12.4 + 1) + 0.3 * np.sin(2 * np.pi * t / 340)
    wind = np.zeros(n)
    for k in range(1, n):
        wind[k] = 0.97 * wind[k - 1] + 0.24 * rng.normal()
    level = np.zeros(n)
    for k in range(1, n):
        gate = tide[k - 1] < level[k - 1]
        level[k] = level[k - 1] + (0.25 if gate else 0.02) * (tide[k - 1] - level[k - 1]) + 0.08 + 0.05 * wind[k]
    return np.stack([tide, wind, level + rng.normal(0, 0.06, n)], axis=1).astype(np.float32)


class Forecaster(nn.Module):
    def __init__(self, n_in=3, hidden=32):
        super().__init__()
        self.cell = nn.LSTM(n_in, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        h, state = self.cell(x, state)
        return self.out(h).squeeze(-1), state


def passes(model, streams, chunk, optimizer=None):
    state, losses = None, []
    for start in range(0, streams.size(1) - 1, chunk):
        piece = streams[:, start:start + chunk + 1]
        x, y = piece[:, :-1], piece[:, 1:, 2] - piece[:, :-1, 2]
        out, state = model(x, state)
        state = tuple(s.detach() for s in state)
        loss = nn.functional.mse_loss(out, y / DIFF_STD)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


if __name__ == "__main__":
    torch.manual_seed(19)
    record = level_record(32 * 721)
    cut = 24 * 721
    record = (record - record[:cut].mean(0)) / record[:cut].std(0)
    DIFF_STD = float(np.diff(record[:cut, 2]).std())
    streams = torch.from_numpy(record.reshape(32, 721, 3))
    train, held = streams[:24], streams[24:]
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)
    for epoch in range(14):
        model.train()
        tr = passes(model, train, 24, optimizer)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            va = passes(model, held, 24)
        print(f"pass {epoch + 1:2d}  train {tr:.4f}  held-out {va:.4f}")
    print(f"held-out error, in variances of the hourly change: {va:.4f}")
