"""Accumulated heat from a pressure log, with a recurrent cell of our own."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
STEPS = 84


class HeatCell(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.inp = nn.Linear(n_in, n_hidden)
        self.rec = nn.Linear(n_hidden, n_hidden, bias=False)

    def forward(self, x, h):
        return h + torch.relu(self.inp(x) + self.rec(h))


class GeyserNet(nn.Module):
    def __init__(self, n_in=2, n_hidden=24):
        super().__init__()
        self.n_hidden = n_hidden
        self.cell = HeatCell(n_in, n_hidden)
        self.readout = nn.Linear(n_hidden, 1)

    def forward(self, seq):
        h = seq.new_zeros(seq.size(0), self.n_hidden)
        for t in range(seq.size(1)):
            h = self.cell(seq[:, t], h)
        return self.readout(h).squeeze(1)


def logs(n):
    pressure = torch.randn(n, STEPS)
    valve = (torch.rand(n, STEPS) < 0.5).float()
    heat = (torch.tanh(pressure) * valve).sum(dim=1) + 1.2 * torch.randn(n)
    return torch.stack([pressure, (valve - 0.5) * 2], dim=2), heat


x, heat = logs(1600)
x_val, heat_val = logs(400)
mu, sd = heat.mean(), heat.std()
y, y_val = (heat - mu) / sd, (heat_val - mu) / sd
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
net = GeyserNet()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 12)
mse = nn.MSELoss()

for epoch in range(12):
    net.train()
    total = 0.0
    for seq, target in loader:
        optimizer.zero_grad()
        loss = mse(net(seq), target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    net.eval()
    with torch.no_grad():
        error = net(x_val) - y_val
    close = (error.abs() < 0.5).float().mean().item()
    print(f"epoch {epoch + 1:2d}  train mse {total / len(loader):.4g}  val mse {error.pow(2).mean():.4g}  within 0.5 sd {close:.3f}")

print(f"share of validation logs within 0.5 sd: {close:.4f}")
