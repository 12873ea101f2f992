import argparse
import math

import torch
from torch import nn

parser = argparse.ArgumentParser(description="one-step-ahead forecast of a pump's flow")
parser.add_argument("--window", type=int, default=24)
parser.add_argument("--hidden", type=int, default=24)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--steps", type=int, default=900)
parser.add_argument("--lr", type=float, default=4e-3)
args = parser.parse_args()

torch.manual_seed(5)


def flow(n):
    t = torch.arange(n, dtype=torch.float32)
    daily = torch.sin(2 * math.pi * t / 24)
    beat = torch.sin(2 * math.pi * t / 7.3) * (1 + 0.5 * torch.sin(2 * math.pi * t / 168))
    noise = torch.zeros(n)
    for i in range(1, n):
        noise[i] = 0.8 * noise[i - 1] + 0.15 * torch.randn(())
    return 60 + 12 * daily + 9 * beat + 10 * noise


series = flow(3600)
split = 2800
mu, sd = series[:split].mean(), series[:split].std()
series = (series - mu) / sd

windows = series.unfold(0, args.window + 1, 1)
train_w, test_w = windows[: split - args.window], windows[split:]


class PumpGRU(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        seq, _ = self.rnn(x)
        return self.out(seq[:, -1])


def huber(pred, target, delta=1.0):
    err = (pred - target).abs()
    return torch.where(err < delta, 0.5 * err ** 2, delta * (err - 0.5 * delta)).mean()


model = PumpGRU(args.hidden)
optim = torch.optim.Adam(model.parameters(), lr=args.lr)
sched = torch.optim.lr_scheduler.OneCycleLR(optim, max_lr=args.lr, total_steps=args.steps)

running = 0.0
for step in range(1, args.steps + 1):
    idx = torch.randint(len(train_w), (args.batch,))
    x, y = train_w[idx, :-1].unsqueeze(-1), train_w[idx, -1]
    loss = huber(model(x), y)
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optim.step()
    sched.step()
    running += loss.item()
    if step % 100 == 0:
        print(f"step {step:4d} huber {running / 100:.4f}")
        running = 0.0

model.eval()
with torch.no_grad():
    forecast = model(test_w[:, :-1].unsqueeze(-1)).view(-1)
truth = test_w[:, -1]
r2 = 1 - ((forecast - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
print(f"test R2 {r2.item():.4f}")
