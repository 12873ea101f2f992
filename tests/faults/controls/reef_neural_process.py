"""Conditional neural process: a curve is predicted from a few context points of the same curve."""
import torch
from torch import nn


class CNP(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                                     nn.Linear(width, width))
        self.decoder = nn.Sequential(nn.Linear(width + 1, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                                     nn.Linear(width, 2))

    def forward(self, xc, yc, xt):
        code = self.encoder(torch.cat([xc, yc], -1)).mean(1, keepdim=True)
        code = code.expand(-1, xt.size(1), -1)
        mean, raw = self.decoder(torch.cat([code, xt], -1)).chunk(2, -1)
        return torch.distributions.Normal(mean, 0.05 + 0.95 * nn.functional.softplus(raw))


def curves(n_curves, n_points, gen):
    """Depth profiles: amplitude and phase differ from dive to dive."""
    x = 4 * torch.rand(n_curves, n_points, 1, generator=gen) - 2
    amp = 0.7 + 0.6 * torch.rand(n_curves, 1, 1, generator=gen)
    phase = 3.14 * torch.rand(n_curves, 1, 1, generator=gen)
    y = amp * torch.sin(2 * x + phase)
    return x, y + 0.1 * torch.randn(y.shape, generator=gen)


def task_loss(model, x, y, n_context):
    dist = model(x[:, :n_context], y[:, :n_context], x)
    return -dist.log_prob(y).mean(), (dist.mean - y)[:, n_context:].pow(2).mean()


def main():
    torch.manual_seed(9)
    gen = torch.Generator().manual_seed(9)
    model = CNP()
    steps = 2200
    opt = torch.optim.Adam(model.parameters())
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=steps)
    x_val, y_val = curves(300, 28, torch.Generator().manual_seed(99))
    for step in range(1, steps + 1):
        x, y = curves(16, 28, gen)
        n_context = int(torch.randint(4, 14, (1,), generator=gen))
        loss, _ = task_loss(model, x, y, n_context)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % 150 == 0:
            with torch.no_grad():
                nll, mse = task_loss(model, x_val, y_val, 10)
            print(f"step {step:4d}  nll {loss.item():+.4f}  val nll {nll.item():+.4f}  val mse {mse.item():.4f}")
    print(f"validation error {mse.item():.5f}")


if __name__ == "__main__":
    main()
