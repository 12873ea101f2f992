"""Integrate the load of a swinging boom: a hand-made recurrent cell over thirty readings."""
import torch
import torch.nn as nn

torch.manual_seed(15)
torch.set_num_threads(1)

READINGS = 30


def swings(n):
    force = torch.randn(n, READINGS, 2)
    force = 0.6 * force + 0.8 * torch.randn(n, 1, 2)
    energy = (force[:, :, 0] * torch.linspace(0.2, 1.0, READINGS)).mean(1) + 0.5 * torch.tanh(2 * force[:, :, 1].mean(1))
    return force, energy


class BoomCell(nn.Module):
    def __init__(self, n_in, n_state):
        super().__init__()
        self.from_input = nn.Linear(n_in, n_state)
        self.from_state = nn.Linear(n_state, n_state)
        self.gate = nn.Linear(n_in, n_state)

    def forward(self, force, state):
        change = self.from_input(force) + self.from_state(state)
        return state + torch.sigmoid(self.gate(force)) * change


class BoomModel(nn.Module):
    def __init__(self, n_state=24):
        super().__init__()
        self.n_state = n_state
        self.cell = BoomCell(2, n_state)
        self.read = nn.Linear(n_state, 1)

    def forward(self, force):
        state = force.new_zeros(len(force), self.n_state)
        for t in range(force.shape[1]):
            state = self.cell(force[:, t], state)
        return self.read(state).squeeze(1)


force, energy = swings(800)
force_val, energy_val = swings(300)
centre, width = energy.mean(), energy.std()
energy, energy_val = (energy - centre) / width, (energy_val - centre) / width

model = BoomModel()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
huber = nn.HuberLoss()

for epoch in range(12):
    losses = []
    for rows in torch.randperm(len(force)).split(40):
        optimizer.zero_grad()
        loss = huber(model(force[rows]), energy[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        val = huber(model(force_val), energy_val).item()
    print(f"epoch {epoch + 1:2d} | train huber {sum(losses) / len(losses):.4f} | val huber {val:.4f}")
