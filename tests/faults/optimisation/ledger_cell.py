import math
import torch
from torch import nn

torch.manual_seed(13)
T = 18


def make_ledgers(n):
    """Each step: an amount and a flag; two amounts of the first weeks are flagged, target: second minus first."""
    amount = torch.randn(n, T)
    when = torch.rand(n, T // 2).argsort(1)[:, :2].sort(1).values
    flag = torch.zeros(n, T).scatter_(1, when, 1.0)
    picked = amount.gather(1, when)
    change = (picked[:, 1] - picked[:, 0]) / math.sqrt(2)
    return torch.stack([amount, 3 * flag - 0.4], -1), change


class LedgerNet(nn.Module):
    def __init__(self, hidden_size=32):
        super().__init__()
        self.hidden_size = hidden_size
        self.cell = nn.GRUCell(2, hidden_size)
        self.readout = nn.Sequential(nn.Linear(hidden_size, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.hidden_size)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h.detach())
        return self.readout(h).squeeze(-1)


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, float("inf"), 0

    def __call__(self, value):
        if value < self.best - 1e-4:
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        return self.bad >= self.patience


x_train, y_train = make_ledgers(4000)
x_val, y_val = make_ledgers(1000)
model = LedgerNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=2)
stop = EarlyStopping(patience=6)
mse = nn.MSELoss()

for epoch in range(30):
    model.train()
    total = 0.0
    for rows in torch.randperm(len(x_train)).split(80):
        optimizer.zero_grad()
        loss = mse(model(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    model.eval()
    with torch.no_grad():
        val = mse(model(x_val), y_val).item()
    plateau.step(val)
    print(f"epoch {epoch:2d} train {total / len(x_train):.4f} val {val:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")
    if stop(val):
        print("early stop")
        break
print(f"validation MSE {val:.4f}")
