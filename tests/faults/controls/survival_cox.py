"""Cox proportional-hazards network: relative risk from right-censored survival times."""
import numpy as np
import torch
from torch import nn


def cohort(n, rng):
    x = rng.normal(size=(n, 8))
    risk = 0.9 * x[:, 0] + 0.9 * x[:, 1] * (x[:, 2] > 0) - 0.7 * x[:, 3]
    event_time = rng.exponential(np.exp(-risk))
    censor_time = rng.exponential(1.2, n)
    time = np.minimum(event_time, censor_time)
    return (torch.tensor(x, dtype=torch.float32), torch.tensor(time, dtype=torch.float32),
            torch.tensor(event_time <= censor_time))


class RiskNet(nn.Module):
    def __init__(self, n_in, width=24, p=0.1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, width), nn.SELU(), nn.Dropout(p),
            nn.Linear(width, width), nn.SELU(), nn.Dropout(p),
            nn.Linear(width, 1, bias=False),
        )

    def forward(self, x):
        return self.layers(x).squeeze(1)


def partial_likelihood(risk, time, event):
    """Negative log partial likelihood; the risk set of a patient is everyone still under observation."""
    order = torch.argsort(time, descending=True)
    risk, event = risk[order], event[order]
    log_set = torch.logcumsumexp(risk, dim=0)
    return -(risk - log_set)[event].mean()


def concordance(risk, time, event):
    earlier = (time[:, None] < time[None, :]) & event[:, None]
    ordered = (risk[:, None] > risk[None, :]) & earlier
    return ordered.sum().item() / earlier.sum().item()


def main():
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    x, t, e = cohort(3200, rng)
    xv, tv, ev = cohort(800, rng)
    net = RiskNet(x.shape[1])
    opt = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=0.05)
    for epoch in range(1, 37):
        net.train()
        losses = []
        for idx in torch.randperm(len(x)).split(160):
            opt.zero_grad()
            loss = partial_likelihood(net(x[idx]), t[idx], e[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        net.eval()
        with torch.no_grad():
            risk = net(xv)
        c = concordance(risk, tv, ev)
        if epoch % 3 == 0:
            val = np.mean([partial_likelihood(risk[i:i + 160], tv[i:i + 160], ev[i:i + 160]).item() for i in range(0, 800, 160)])
            print(f"epoch {epoch:2d}  partial likelihood {np.mean(losses):.4f}  validation {val:.4f}  concordance {c:.4f}")
    print(f"validation concordance {c:.4f}")


if __name__ == "__main__":
    main()
