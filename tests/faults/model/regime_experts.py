import numpy as np
import torch
from torch import nn, optim


class Expert(nn.Module):
    def __init__(self, d_in, d_hidden):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d_in, d_hidden), nn.GELU(), nn.Linear(d_hidden, 1))

    def forward(self, x):
        return self.net(x)


class MixtureOfExperts(nn.Module):
    def __init__(self, d_in, n_experts=6, d_hidden=6):
        super().__init__()
        self.gate = nn.Linear(d_in, n_experts)
        self.experts = nn.ModuleList([Expert(d_in, d_hidden)] * n_experts)

    def forward(self, x):
        weights = torch.softmax(self.gate(x), dim=-1)
        answers = torch.cat([expert(x) for expert in self.experts], dim=-1)
        return (weights * answers).sum(-1)


def plant_output(n, rng):
    x = rng.uniform(-1.7, 1.7, (n, 4))
    warm = np.tanh(2.5 * x[:, 0])
    wet = np.tanh(2.5 * x[:, 1])
    y = 1.4 * warm * x[:, 2] + 1.2 * wet * x[:, 3] + 0.3 * rng.normal(size=n)
    return x, y


def batches(x, y, size):
    order = torch.randperm(len(x))
    for start in range(0, len(x) - size + 1, size):
        pick = order[start:start + size]
        yield x[pick], y[pick]


def main(epochs=45):
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    x, y = plant_output(3000, rng)
    scale = y[:2200].std()
    x = torch.from_numpy(x).float()
    y = torch.from_numpy(y / scale).float()
    x_train, y_train, x_val, y_val = x[:2200], y[:2200], x[2200:], y[2200:]

    model = MixtureOfExperts(4)
    optimizer = optim.Adam(model.parameters(), lr=0.04)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=0.001)
    loss_fn = nn.MSELoss()
    for epoch in range(epochs):
        model.train()
        running = []
        for xb, yb in batches(x_train, y_train, 100):
            loss = loss_fn(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running.append(loss.item())
        schedule.step()
        if (epoch + 1) % 8 == 0:
            model.eval()
            with torch.no_grad():
                val = loss_fn(model(x_val), y_val)
            print(f"epoch {epoch + 1:3d} train {np.mean(running):.4f} val {val:.4f}")
    model.eval()
    with torch.no_grad():
        print(f"Validation MSE = {loss_fn(model(x_val), y_val).item():.4f}")


main()
