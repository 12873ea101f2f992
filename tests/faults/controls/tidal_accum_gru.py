"""Next-hour tide residual from two days of readings. Micro-batches of 16, a step every four, linear warm-up."""
import math
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Args:
    window: int = 24
    micro: int = 16
    accumulate: int = 4
    epochs: int = 9
    peak_lr: float = 8e-3
    warmup: int = 40
    clip: float = 1.0


def series(n, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.arange(n).float()
    noise = torch.randn(n, generator=g)
    surge = torch.zeros(n)
    for i in range(2, n):
        surge[i] = 1.5 * surge[i - 1] - 0.58 * surge[i - 2] + 0.22 * noise[i]
    x = torch.sin(2 * math.pi * t / 12.42) + 0.5 * torch.sin(2 * math.pi * t / 23.93) + 0.6 * surge
    return x


class TideGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.gru(x.unsqueeze(-1))
        return self.readout(out[:, -1]).squeeze(-1)


def main(a=Args()):
    torch.manual_seed(8)
    s = series(5200, 8)
    s = (s - s[:4200].mean()) / s[:4200].std()
    windows = s.unfold(0, a.window + 1, 1)
    train, test = windows[:4200 - a.window], windows[4200:]
    model = TideGRU()
    opt = torch.optim.AdamW(model.parameters(), lr=a.peak_lr, weight_decay=1e-3)
    steps_total = a.epochs * (len(train) // (a.micro * a.accumulate))
    sched = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda k: min((k + 1) / a.warmup, max(0.02, (steps_total - k) / (steps_total - a.warmup))))
    for epoch in range(a.epochs):
        model.train()
        total, count = 0.0, 0
        opt.zero_grad()
        for i, idx in enumerate(torch.randperm(len(train)).split(a.micro)):
            batch = train[idx]
            loss = nn.functional.mse_loss(model(batch[:, :-1]), batch[:, -1])
            (loss / a.accumulate).backward()
            if (i + 1) % a.accumulate == 0:
                nn.utils.clip_grad_norm_(model.parameters(), a.clip)
                opt.step()
                sched.step()
                opt.zero_grad()
            total, count = total + loss.item() * len(idx), count + len(idx)
        model.eval()
        with torch.no_grad():
            mse = nn.functional.mse_loss(model(test[:, :-1]), test[:, -1]).item()
            naive = nn.functional.mse_loss(test[:, -2], test[:, -1]).item()
        print(f"epoch {epoch}: train {total / count:.4f} test {mse:.4f} (persistence {naive:.4f})")
    print(f"one-hour-ahead MSE {mse:.4f}")


if __name__ == "__main__":
    main()
