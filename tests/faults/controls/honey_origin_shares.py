"""Shares of pollen by plant (a distribution over six plants) from the spectrum of a honey sample."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def samples(n, profiles, g):
    raw = torch.rand(n, 6, generator=g).clamp_min(1e-6).log().neg() ** 1.5
    shares = raw / raw.sum(1, keepdim=True)
    spectrum = shares @ profiles + 0.06 * torch.randn(n, profiles.size(1), generator=g)
    return spectrum, shares


class ShareNet(nn.Module):
    def __init__(self, n_bands, n_plants=6, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_bands, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.out = nn.Linear(width, n_plants)

    def forward(self, x):
        return F.log_softmax(self.out(self.body(x)), dim=-1)


def step(model, loss_fn, x, shares, opt=None):
    log_p = model(x)
    loss = loss_fn(log_p, shares)
    if opt is not None:
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item(), (log_p.exp() - shares).abs().sum(1).mean().item() / 2


if __name__ == "__main__":
    torch.manual_seed(40)
    g = torch.Generator().manual_seed(40)
    bands = torch.linspace(0, 1, 30)
    centres = torch.tensor([0.1, 0.25, 0.42, 0.55, 0.7, 0.9])
    profiles = torch.exp(-((bands - centres[:, None]) / 0.12) ** 2)
    x, shares = samples(5000, profiles, g)
    mean, std = x[:4000].mean(0), x[:4000].std(0)
    x = (x - mean) / std
    loader = DataLoader(TensorDataset(x[:4000], shares[:4000]), batch_size=64, shuffle=True)
    model = ShareNet(30)
    loss_fn = nn.KLDivLoss(reduction="batchmean")
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 25)
    for epoch in range(25):
        model.train()
        train = [step(model, loss_fn, a, b, opt)[0] for a, b in loader]
        sched.step()
        model.eval()
        with torch.no_grad():
            kl, wrong = step(model, loss_fn, x[4000:], shares[4000:])
        if epoch % 3 == 0:
            print(f"epoch {epoch:2d}  train KL {sum(train) / len(train):.4f}  val KL {kl:.4f}  share misplaced {wrong:.4f}")
    print(f"share misplaced at the end: {wrong:.4f}")
