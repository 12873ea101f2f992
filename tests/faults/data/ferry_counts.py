"""Passengers per sailing of an island ferry.

A sailing is forecast from the sailings most like it: a linear map learns in
which space they are alike, the forecast is the kernel-weighted mean of their
passenger counts, and the likelihood is negative binomial.
"""
import numpy as np
import pandas as pd
import torch
from torch import nn

rng = np.random.default_rng(41)
torch.manual_seed(41)

# ------------------------------------------------------------------ ticket system
n = 1500
sailings = pd.DataFrame({"sailing": np.arange(n), "day": np.arange(n) // 4})
NUM = ["wind", "swell", "sun", "rain", "price", "hotel_fill", "delay", "school"]
for name in NUM:
    sailings[name] = rng.normal(size=n)
weekend = np.isin(sailings.day % 7, [5, 6])
rate = np.exp(4.2 + 0.45 * np.tanh(sailings.sun) - 0.3 * sailings.wind + 0.35 * sailings.hotel_fill
              - 0.2 * sailings.price + 0.3 * weekend + np.array([0.1, -0.2, 0.3, -0.1])[sailings.sailing % 4])
size = 12.0
sailings["passengers"] = rng.poisson(rng.gamma(size, rate / size))

# a new export every two months, each reaching back half a year
exports = []
for end in range(60, 500, 60):
    exports.append(sailings[(sailings.day >= end - 180) & (sailings.day < end)])
table = pd.concat(exports, ignore_index=True)
table = table.sample(frac=1.0, random_state=41)

x = np.column_stack([table[NUM], np.isin(table.day % 7, [5, 6]), pd.get_dummies(table.sailing % 4)])
x = torch.tensor(x.astype(np.float32))
y = torch.tensor(table.passengers.to_numpy(), dtype=torch.float32)
cut = int(len(table) * 0.8)
fit_x, fit_y, test_x, test_y = x[:cut], y[:cut], x[cut:], y[cut:]


# ------------------------------------------------------------------ model
class Alike(nn.Module):
    def __init__(self, d, out=4):
        super().__init__()
        self.lin = nn.Linear(d, out, bias=False)
        self.log_size = nn.Parameter(torch.tensor(2.0))

    def place(self, x):
        return 2 * self.lin(x)

    def forward(self, x, past_x, past_y, own=None):
        d2 = torch.cdist(self.place(x), self.place(past_x)).square()
        if own is not None:                     # a row never serves as its own neighbour
            d2 = d2.scatter(1, own[:, None], 1e6)
        mu = torch.softmax(-d2, 1) @ past_y
        return mu.clamp(min=0.5), self.log_size.exp()


def nb_nll(mu, r, y):
    ll = (torch.lgamma(y + r) - torch.lgamma(r) - torch.lgamma(y + 1)
          + r * torch.log(r / (r + mu)) + y * torch.log(mu / (r + mu)))
    return -ll.mean()


net = Alike(x.shape[1])
opt = torch.optim.Adam(net.parameters(), lr=6e-3)
print(f"{len(table)} rows, {cut} to fit")
for step in range(1, 401):
    rows = torch.randint(cut, (96,))
    loss = nb_nll(*net(fit_x[rows], fit_x, fit_y, own=rows), fit_y[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step == 280:
        opt.param_groups[0]["lr"] = 6e-4
    if step % 40 == 0:
        with torch.no_grad():
            every = torch.arange(0, cut, 4)
            mu_f, r = net(fit_x[every], fit_x, fit_y, own=every)
            mu_t, _ = net(test_x, fit_x, fit_y)
            f, t = nb_nll(mu_f, r, fit_y[every]).item(), nb_nll(mu_t, r, test_y).item()
            r2 = 1 - (mu_t - test_y).square().sum() / (test_y - test_y.mean()).square().sum()
        print(f"step {step} | nll fit {f:.3f} test {t:.3f} | size {r.item():.1f} | test R2 {r2.item():.3f}")
print(f"R2 on test sailings: {r2.item():.4f}")
