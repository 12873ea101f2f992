import argparse

import numpy as np
import torch
import torch.nn as nn


def record_sessions(n, channels, steps, rng):
    """Pressure under six tone holes while one of eight passages is played: (session, hole, time)."""
    passages = rng.normal(0, 1, (8, channels, 4))
    label = rng.integers(0, 8, n)
    time = np.linspace(0, 1, steps)
    basis = np.stack([np.sin(2 * np.pi * (k + 1) * time / 2) for k in range(4)])
    tempo = rng.normal(0, 0.9, (n, channels, 4))
    x = (passages[label] + tempo) @ basis
    x += rng.normal(0, 1.9, x.shape)
    return x.astype(np.float32), label


class PassageGRU(nn.Module):
    def __init__(self, channels, hidden, classes):
        super().__init__()
        self.rnn = nn.GRU(channels, hidden, batch_first=True)
        self.out = nn.Linear(hidden, classes)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.out(h[-1])


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=9)
    ap.add_argument("--hidden", type=int, default=24)
    ap.add_argument("--batch-size", type=int, default=64)
    ap.add_argument("--lr", type=float, default=5e-3)
    ap.add_argument("--seed", type=int, default=8)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)

    CHANNELS, STEPS = 6, 20
    x, y = record_sessions(3400, CHANNELS, STEPS, rng)
    x = torch.from_numpy(x)
    y = torch.from_numpy(y)
    x = (x - x[:2800].mean((0, 2), keepdim=True)) / x[:2800].std((0, 2), keepdim=True)
    x = x.reshape(len(x), STEPS, CHANNELS)  # GRU wants (batch, time, features)
    x_train, y_train, x_test, y_test = x[:2800], y[:2800], x[2800:], y[2800:]

    model = PassageGRU(CHANNELS, args.hidden, 8)
    loss_fn = nn.CrossEntropyLoss()
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    for epoch in range(args.epochs):
        model.train()
        order = torch.randperm(len(x_train))
        running = 0.0
        for i in range(0, len(order), args.batch_size):
            b = order[i:i + args.batch_size]
            opt.zero_grad()
            loss = loss_fn(model(x_train[b]), y_train[b])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            running += loss.item() * len(b)
        sched.step()
        print(f"{epoch + 1:3d}  loss {running / len(order):.4f}  "
              f"train {accuracy(model, x_train, y_train):.3f}  test {accuracy(model, x_test, y_test):.3f}")
    print(f"passages recognised: {accuracy(model, x_test, y_test):.4f}")
