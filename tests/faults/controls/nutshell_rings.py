"""Age of walnut trees from nutshell measurements. The same residual block is applied over and over (tied on purpose)."""
import torch
import torch.nn as nn


class TiedRefiner(nn.Module):
    def __init__(self, n_in, width=40, rounds=3):
        super().__init__()
        self.rounds = rounds
        self.enter = nn.Linear(n_in, width)
        self.block = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.leave = nn.Linear(width, 1)

    def forward(self, x):
        h = self.enter(x)
        for _ in range(self.rounds):
            h = h + self.block(h)
        return self.leave(h).squeeze(-1)


def shells(n, gen):
    x = torch.randn(n, 9, generator=gen)
    age = 1.2 * torch.tanh(x[:, 0] + x[:, 1]) + 0.7 * x[:, 2] * torch.sigmoid(2 * x[:, 3]) + 0.4 * torch.sin(2 * x[:, 4])
    weather = 0.55 * torch.randn(n, generator=gen)      # no shell tells of it
    return x, 40 + 12 * (age + weather)


class Runner:
    ACCUMULATE = 2

    def __init__(self):
        torch.manual_seed(33)
        self.gen = torch.Generator().manual_seed(33)
        self.x, age = shells(6000, self.gen)
        self.xt, age_t = shells(1000, self.gen)
        self.mu, self.sd = age.mean(), age.std()
        self.y, self.yt = (age - self.mu) / self.sd, (age_t - self.mu) / self.sd
        self.net = TiedRefiner(9)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=2e-3, weight_decay=0.05)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 8)

    def r2(self):
        self.net.eval()
        with torch.no_grad():
            mse = nn.functional.mse_loss(self.net(self.xt), self.yt)
        return 1 - (mse / self.yt.var()).item()

    def one_epoch(self):
        self.net.train()
        parts = torch.randperm(len(self.x), generator=self.gen).split(40)
        total = 0.0
        self.opt.zero_grad()
        for k, idx in enumerate(parts, 1):
            loss = nn.functional.mse_loss(self.net(self.x[idx]), self.y[idx])
            (loss / self.ACCUMULATE).backward()
            if k % self.ACCUMULATE == 0 or k == len(parts):
                self.opt.step()
                self.opt.zero_grad()
            total += loss.item() * len(idx)
        self.sched.step()
        return total / len(self.x)


runner = Runner()
for epoch in range(8):
    loss = runner.one_epoch()
    print(f"epoch {epoch + 1:2d}  mse {loss:.4f}  R2 {runner.r2():.4f}")
print(f"R2 on other trees: {runner.r2():.4f}")
