"""Recover the total displacement of a buoy from noisy velocity readings with a neural state-space cell."""
import torch
import torch.nn as nn

torch.manual_seed(29)
STEPS, DT = 50, 0.1


def tracks(n):
    v = torch.zeros(n, STEPS)
    state = torch.randn(n)
    for t in range(STEPS):
        state = 0.9 * state + 0.44 * torch.randn(n)
        v[:, t] = state
    load = torch.sin(2 * v) + 0.5 * v
    target = load[:, -20:].sum(1) * DT
    return (v + 0.05 * torch.randn_like(v)).unsqueeze(-1), target


class StateSpaceCell(nn.Module):
    def __init__(self, n_in, n_state):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(n_in + n_state, 48), nn.ReLU(), nn.Linear(48, n_state))

    def forward(self, u, h):
        return h + self.f(torch.cat([u, h], dim=1))


class DriftModel(nn.Module):
    def __init__(self, n_state=24):
        super().__init__()
        self.n_state = n_state
        self.cell = StateSpaceCell(1, n_state)
        self.readout = nn.Linear(n_state, 1)

    def forward(self, u):
        h = u.new_zeros(u.shape[0], self.n_state)
        for t in range(u.shape[1]):
            h = self.cell(u[:, t], h)
        return self.readout(h).squeeze(1)


u_train, y_train = tracks(3000)
u_val, y_val = tracks(800)
mu, sd = y_train.mean(), y_train.std()
y_train, y_val = (y_train - mu) / sd, (y_val - mu) / sd

model = DriftModel()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
loss_fn = nn.MSELoss()
for epoch in range(15):
    model.train()
    losses = []
    for idx in torch.randperm(len(u_train)).split(75):
        optimizer.zero_grad()
        loss = loss_fn(model(u_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(u_val), y_val).item()
    print(f"epoch {epoch + 1:2d}  train {sum(losses) / len(losses):.5g}  val {val:.5g}")

print(f"validation MSE {val:.5g}")
