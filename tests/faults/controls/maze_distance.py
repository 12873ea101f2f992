"""Steps from every room of a small maze to the exit, by passing messages between neighbouring rooms.

One message function and one update are applied in every round, as in Bellman-Ford; museum visitors' app.
"""
import torch
import torch.nn as nn

ROOMS, ROUNDS = 14, 8


def mazes(n, g):
    upper = torch.triu(torch.rand(n, ROOMS, ROOMS, generator=g) < 0.12, 1).float()
    chain = torch.diag(torch.ones(ROOMS - 1), 1) * (torch.rand(n, ROOMS, ROOMS, generator=g) < 0.75)
    door = ((upper + chain + (upper + chain).transpose(1, 2)) > 0).float()
    exit_ = torch.randint(ROOMS, (n,), generator=g)
    steps = torch.full((n, ROOMS), 9.0)
    steps[torch.arange(n), exit_] = 0
    for _ in range(ROUNDS):
        via = (steps[:, None, :] + 1 + 99 * (1 - door)).amin(2)
        steps = torch.minimum(steps, via).clamp(max=9)
    start = torch.zeros(n, ROOMS, 1)
    start[torch.arange(n), exit_] = 1
    return door, start, steps


class Walker(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.lift = nn.Linear(1, width)
        self.message = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.update = nn.GRUCell(width, width)
        self.read = nn.Linear(width, 1)

    def forward(self, door, start):
        n = len(door)
        h = torch.tanh(self.lift(start))
        shut = (1 - door)[..., None] * -1e4
        for _ in range(ROUNDS):
            sent = self.message(h)[:, None]                       # to everyone behind an open door
            heard = (sent + shut).amax(2).clamp(min=0)
            h = self.update(heard.flatten(0, 1), h.flatten(0, 1)).view(n, ROOMS, -1)
        return self.read(h).squeeze(-1)


def train():
    torch.manual_seed(55)
    g = torch.Generator().manual_seed(55)
    fit, test = mazes(2000, g), mazes(400, g)
    mean, std = fit[2].mean(), fit[2].std()
    net = Walker()
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    total = 300
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=total)
    curve = []
    for it in range(total):
        pick = torch.randint(len(fit[0]), (24,), generator=g)
        door, start, steps = (t[pick] for t in fit)
        loss = nn.functional.smooth_l1_loss(net(door, start), (steps - mean) / std)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        curve.append(loss.item())
        if it % 50 == 49:
            with torch.no_grad():
                guess = net(test[0], test[1]) * std + mean
            exact = (guess.round() == test[2]).float().mean().item()
            print(f"it {it + 1}: loss {sum(curve[-50:]) / 50:.4f}; rooms with exactly the right distance {exact:.4f}")
    print(f"exact distances on unseen mazes: {exact:.4f}")


train()
