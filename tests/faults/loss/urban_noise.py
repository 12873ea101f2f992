"""
Night-time noise level at a street front (dB) from traffic and building variables.

Streets behave differently by kind (canyon, avenue, yard, waterfront), so a gate blends
five small experts.  Used by the city to pick addresses for window subsidies.
"""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def streets(n, rng):
    x = rng.normal(size=(n, 6))
    kind = 2 * (x[:, 0] > 0) + (x[:, 1] > 0)                      # built-up or open, wide or narrow
    slopes = np.array([[1.0, 0.3, 0.0, -0.6], [-0.4, 1.1, 0.4, 0.0], [0.2, -0.9, 0.8, 0.5], [-0.8, 0.0, -0.9, 0.7]])
    level = (slopes[kind] * x[:, 2:]).sum(1) + np.array([0.8, -0.4, 0.3, -0.7])[kind]
    db = 54 + 4.5 * (level + rng.normal(0, 0.2, n))
    return x.astype(np.float32), db.astype(np.float32)


class Experts(nn.Module):
    """All experts evaluated at once: (batch, experts)."""

    def __init__(self, n_in, n_experts, hidden):
        super().__init__()
        self.first = nn.Linear(n_in, n_experts * hidden)
        self.second = nn.Parameter(torch.randn(n_experts, hidden) / hidden ** 0.5)
        self.offset = nn.Parameter(torch.zeros(n_experts))

    def forward(self, x):
        h = torch.relu(self.first(x)).view(len(x), *self.second.shape)
        return (h * self.second).sum(-1) + self.offset


class StreetNoise(nn.Module):
    def __init__(self, n_experts=5):
        super().__init__()
        self.experts = Experts(6, n_experts, 32)
        self.gate = nn.Sequential(nn.Linear(6, 64), nn.Tanh(), nn.Linear(64, n_experts))

    def forward(self, x):
        share = torch.softmax(self.gate(x), dim=0)
        return (share * self.experts(x)).sum(dim=1)


@torch.no_grad()
def fit_quality(model, loader):
    model.eval()
    pred = torch.cat([model(x) for x, _ in loader])
    true = torch.cat([y for _, y in loader])
    return (1 - (pred - true).square().sum() / (true - true.mean()).square().sum()).item()


def main():
    rng = np.random.default_rng(29)
    torch.manual_seed(29)
    x, db = streets(6000, rng)
    centre, scale = db[:5000].mean(), db[:5000].std()
    x, y = torch.from_numpy(x), torch.from_numpy((db - centre) / scale)
    train = DataLoader(TensorDataset(x[:5000], y[:5000]), batch_size=50, shuffle=True)
    test = DataLoader(TensorDataset(x[5000:], y[5000:]), batch_size=125)

    model = StreetNoise()
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-3)
    epochs = 14
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs, eta_min=1e-5)
    for epoch in range(1, epochs + 1):
        model.train()
        losses = []
        for xb, yb in train:
            loss = nn.functional.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        if epoch % 2 == 0:
            print(f"<{epoch:2d}> mse {np.mean(losses):.4f}, R2 on test streets {fit_quality(model, test):.3f}")
    print(f"R2 on test streets: {fit_quality(model, test):.4f}")


if __name__ == "__main__":
    main()
