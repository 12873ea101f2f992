import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
SEQ, HID = 30, 32


def make_split(n):
    x = torch.randn(n, SEQ, 2)
    gate = (torch.rand(n, SEQ) < 0.25).float()
    x[..., 1] = (gate - 0.25) / 0.433
    s = (x[..., 0] * gate).sum(1)
    return TensorDataset(x, s / 2.74)


class RecurrentNet(nn.Module):
    def __init__(self, n_in, hid):
        super().__init__()
        self.inp = nn.Linear(n_in, hid)
        self.rec = nn.Linear(hid, hid)
        self.out = nn.Linear(hid, 1)

    def step(self, x_t, h):
        return torch.relu(h + self.inp(x_t) + self.rec(h))

    def forward(self, x):
        h = x.new_zeros(x.size(0), HID)
        for t in range(x.size(1)):
            h = self.step(x[:, t], h)
        return self.out(h).squeeze(-1)


train_dl = DataLoader(make_split(2000), batch_size=50, shuffle=True)
test_dl = DataLoader(make_split(500), batch_size=250)
model = RecurrentNet(2, HID)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=15 * len(train_dl))
crit = nn.MSELoss()

for epoch in range(15):
    model.train()
    tot = 0.0
    for xb, yb in train_dl:
        loss = crit(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        tot += loss.item()
    model.eval()
    with torch.no_grad():
        test = sum(crit(model(xb), yb).item() for xb, yb in test_dl) / len(test_dl)
    print(f"epoch {epoch} train {tot / len(train_dl):.4f} test {test:.4f}")
print(f"test mse: {test:.4f}")
