# Bayes-by-backprop reader for the parcel hub: which handwritten digit is on the label, and how sure are we?
# Weights are Gaussians; predictions are averaged over draws of the weights.
import math

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class GaussLinear(nn.Module):
    def __init__(self, n_in, n_out, prior_sd=0.5):
        super().__init__()
        self.w_mu = nn.Parameter(torch.randn(n_out, n_in) / math.sqrt(n_in))
        self.w_rho = nn.Parameter(torch.full((n_out, n_in), -4.0))
        self.b = nn.Parameter(torch.zeros(n_out))
        self.prior_sd = prior_sd

    def forward(self, x):
        sd = F.softplus(self.w_rho)
        mean = F.linear(x, self.w_mu, self.b)
        var = F.linear(x ** 2, sd ** 2)
        return mean + (var + 1e-8).sqrt() * torch.randn_like(mean)      # local reparametrisation

    def kl(self):
        sd = F.softplus(self.w_rho)
        ratio = (sd / self.prior_sd) ** 2
        return 0.5 * (ratio + (self.w_mu / self.prior_sd) ** 2 - 1 - ratio.log()).sum()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = GaussLinear(64, 96)
        self.c = GaussLinear(96, 10)

    def forward(self, x):
        return self.c(F.relu(self.a(x)))

    def kl(self):
        return self.a.kl() + self.c.kl()


def label_sets(seed):
    pix, digit = load_digits(return_X_y=True)
    tr_x, va_x, tr_y, va_y = train_test_split(pix, digit, test_size=360, random_state=seed, stratify=digit)
    mu, sd = tr_x.mean(), tr_x.std()

    def pack(x, y):
        return TensorDataset(torch.tensor((x - mu) / sd, dtype=torch.float32), torch.tensor(y))

    return pack(tr_x, tr_y), pack(va_x, va_y)


@torch.no_grad()
def assess(model, loader, draws=8):
    hits, nll = 0, 0.0
    for x, y in loader:
        p = torch.stack([model(x).softmax(-1) for _ in range(draws)]).mean(0)
        hits += (p.argmax(-1) == y).sum().item()
        nll += F.nll_loss(p.log(), y, reduction="sum").item()
    seen = len(loader) * loader.batch_size
    return hits / seen, nll / len(loader.dataset)


def main():
    torch.manual_seed(17)
    train, valid = label_sets(17)
    train_loader = DataLoader(train, batch_size=64, shuffle=True, drop_last=True)
    valid_loader = DataLoader(valid, batch_size=256)
    model = Reader()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    epochs = 40
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, total_steps=epochs * len(train_loader))
    for epoch in range(epochs):
        beta = 0.1 * min(1.0, epoch / 15)          # cold posterior, annealed in
        fit = 0.0
        for x, y in train_loader:
            data_term = F.cross_entropy(model(x), y)
            loss = data_term + beta * model.kl() / len(train)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            fit += data_term.item() / len(train_loader)
        if epoch % 4 == 3:
            acc, nll = assess(model, valid_loader)
            print(f"Epoch {epoch + 1:>2}: data {fit:.3f}, kl {model.kl().item():.0f}, valid nll {nll:.3f}, valid acc {acc:.3f}")
    acc, _ = assess(model, valid_loader, draws=32)
    print(f"Done. valid accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
