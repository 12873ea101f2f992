import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
N_FEAT, N_FLAGS = 16, 5


def simulate(n, w_lin, w_pair):
    x = torch.randn(n, N_FEAT)
    pair = (x[:, None, :] * x[:, :, None]).flatten(1)
    score = x @ w_lin + 2.2 * torch.tanh(pair @ w_pair)
    return x, (score + 0.3 * torch.randn(n, N_FLAGS) > 0).float()


w_lin = 0.35 * torch.randn(N_FEAT, N_FLAGS)
w_pair = torch.zeros(N_FEAT * N_FEAT, N_FLAGS)
for f in range(N_FLAGS):
    i, j = torch.randperm(6)[:2].tolist()
    w_pair[i * N_FEAT + j, f] = 1.5
x, y = simulate(6000, w_lin, w_pair)
x_val, y_val = simulate(1000, w_lin, w_pair)


class WideAndDeep(nn.Module):
    """A linear part plus an MLP, summed into one logit per flag."""

    def __init__(self, hidden=64, prior=0.08):
        super().__init__()
        self.wide = nn.Linear(N_FEAT, N_FLAGS)
        self.deep1 = nn.Linear(N_FEAT, hidden)
        self.deep2 = nn.Linear(hidden, hidden)
        self.deep_out = nn.Linear(hidden, N_FLAGS, bias=False)
        bias = -math.log((1 - prior) / prior)
        for layer in (self.deep1, self.deep2):
            nn.init.constant_(layer.bias, bias)

    def forward(self, x):
        h = F.relu(self.deep1(x))
        h = F.relu(self.deep2(h))
        return self.wide(x) + self.deep_out(h)


def flag_accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return ((model(x) > 0).float() == y).float().mean().item()


model = WideAndDeep()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
loader = DataLoader(TensorDataset(x, y), batch_size=100, shuffle=True)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=4e-3, total_steps=15 * len(loader))

for epoch in range(15):
    model.train()
    s = 0.0
    for xb, yb in loader:
        loss = F.binary_cross_entropy_with_logits(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        s += loss.item()
    with torch.no_grad():
        vl = F.binary_cross_entropy_with_logits(model(x_val), y_val).item()
    print(f"{epoch:02d} train bce {s / len(loader):.4f} val bce {vl:.4f} val flag accuracy {flag_accuracy(model, x_val, y_val):.4f}")
