import math
import torch
import torch.nn as nn


def init_(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.035)
        nn.init.zeros_(module.bias)


class Regressor(nn.Module):
    """Maps a window of a noisy signal to its frequency and phase offset."""

    def __init__(self, window=32, hidden=64, n_layers=7):
        super().__init__()
        dims = [window] + [hidden] * n_layers
        self.hidden = nn.ModuleList([nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:])])
        self.head = nn.Linear(hidden, 1)
        self.apply(init_)

    def forward(self, x):
        for lin in self.hidden:
            x = torch.tanh(lin(x))
        return self.head(x).squeeze(1)


def simulate(n, window=32):
    t = torch.arange(window) / window
    freq = torch.rand(n, 1) * 3 + 1
    phase = torch.rand(n, 1) * math.pi / 2
    x = torch.sin(2 * math.pi * freq * t + phase) + 0.05 * torch.randn(n, window)
    y = (freq.squeeze(1) - 2.5) / (3 / math.sqrt(12))
    return x / 0.7, y


torch.manual_seed(7)
x_train, y_train = simulate(4000)
x_val, y_val = simulate(1000)

model = Regressor()
mse = nn.MSELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=25)
bs = 64

for epoch in range(25):
    model.train()
    order = torch.randperm(len(x_train))
    running = 0.0
    for k in range(0, len(order), bs):
        j = order[k:k + bs]
        pred = model(x_train[j])
        loss = mse(pred, y_train[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item() * len(j)
    sched.step()
    model.eval()
    with torch.no_grad():
        val = mse(model(x_val), y_val).item()
    print(f"epoch {epoch + 1}: train mse {running / len(order):.4f}, val mse {val:.4f}")
print(f"val mse after training {val:.4f}")
