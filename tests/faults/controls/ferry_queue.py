"""When does the next car join the ferry queue?  A neural temporal point process.

A GRU reads the gaps so far; the next gap's density is a mixture of log-normals.  The score is the mean
negative log-likelihood per arrival (hours), which is below zero where arrivals come in quick succession.
The arrivals are simulated from a Hawkes process, so the likelihood under the true process is known too.
"""
import math
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical, LogNormal, MixtureSameFamily

MU, ALPHA, BETA, EVENTS = 1.5, 0.75, 12.0, 40


def hawkes(n, seed):
    """Ogata thinning; also returns log-likelihood of each gap under the true intensity."""
    rng = np.random.default_rng(seed)
    gaps, truth = np.zeros((n, EVENTS)), np.zeros((n, EVENTS))
    for i in range(n):
        excite = 0.0
        for k in range(EVENTS):
            tau, level = 0.0, excite
            while True:
                bound = MU + level
                step = rng.exponential(1 / bound)
                tau, level = tau + step, level * math.exp(-BETA * step)
                if rng.random() * bound <= MU + level:
                    break
            gaps[i, k] = tau
            truth[i, k] = math.log(MU + level) - MU * tau - (excite - level) / BETA
            excite = level + ALPHA * BETA
    return torch.tensor(gaps, dtype=torch.float32), -truth.mean()


class ArrivalProcess(nn.Module):
    def __init__(self, mean, std, width=32, parts=8):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.rnn = nn.GRU(2, width, batch_first=True)
        self.empty = nn.Parameter(torch.zeros(1, 1, width))
        self.density = nn.Linear(width, 3 * parts)

    def nll(self, gaps):
        z = (gaps.clamp_min(1e-6).log() - self.mean) / self.std
        h, _ = self.rnn(torch.stack([z, gaps.clamp_max(3)], -1))
        h = torch.cat([self.empty.expand(len(gaps), 1, -1), h[:, :-1]], 1)
        weight, loc, scale = self.density(h).chunk(3, -1)
        mix = MixtureSameFamily(Categorical(logits=weight),
                                LogNormal(self.mean + self.std * loc, self.std * torch.exp(0.5 * scale)))
        return -mix.log_prob(gaps.clamp_min(1e-6))


def main():
    torch.manual_seed(10)
    train, _ = hawkes(1000, 1)
    test, ceiling = hawkes(250, 2)
    logs = train.clamp_min(1e-6).log()
    rate = 1 / train.mean()
    poisson = (rate * test - rate.log()).mean().item()
    model = ArrivalProcess(logs.mean(), logs.std())
    opt = torch.optim.Adamax(model.parameters(), lr=1e-2)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
    print(f"constant-rate process {poisson:.4f}, true process {ceiling:.4f}")
    for epoch in range(10):
        losses = []
        for idx in torch.randperm(len(train)).split(25):
            loss = model.nll(train[idx]).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        with torch.no_grad():
            held = model.nll(test).mean().item()
        print(f"epoch {epoch:2d} nll/arrival: train {np.mean(losses):+.4f} test {held:+.4f}", flush=True)
    print(f"test nll {held:.4f} (true process {ceiling:.4f})")


if __name__ == "__main__":
    main()
