"""Follow a lift from its relay log: after every event, say which of the 8 floors the cabin stands at."""
import numpy as np
import torch
import torch.nn as nn

EVENTS = {"up": 0, "down": 1, "express_up": 2, "express_down": 3, "door": 4, "home": 5, "top": 6}
FLOORS, LENGTH = 8, 20


def simulate_logs(n, rng):
    p = [0.27, 0.25, 0.12, 0.12, 0.12, 0.06, 0.06]
    ev = rng.choice(len(EVENTS), size=(n, LENGTH), p=p)
    ev[:, 0] = np.where(rng.random(n) < 0.5, EVENTS["home"], EVENTS["top"])      # every log opens at a known floor
    floor = np.zeros(n, dtype=int)
    out = np.empty((n, LENGTH), dtype=int)
    move = np.array([1, -1, 3, -3, 0, 0, 0])
    for t in range(LENGTH):
        floor = np.clip(floor + move[ev[:, t]], 0, FLOORS - 1)
        floor = np.where(ev[:, t] == EVENTS["home"], 0, np.where(ev[:, t] == EVENTS["top"], FLOORS - 1, floor))
        out[:, t] = floor
    return torch.from_numpy(ev), torch.from_numpy(out)


class CabinTracker(nn.Module):
    def __init__(self, embed=8, hidden=2):
        super().__init__()
        self.embed = nn.Embedding(len(EVENTS), embed)
        self.rnn = nn.GRU(embed, hidden, batch_first=True)
        self.floor = nn.Linear(hidden, FLOORS)

    def forward(self, events):
        h, _ = self.rnn(self.embed(events))
        return self.floor(h)


def batches(x, y, size, gen):
    while True:
        perm = torch.randperm(len(x), generator=gen)
        for k in range(0, len(x) - size + 1, size):
            yield x[perm[k:k + size]], y[perm[k:k + size]]


def main():
    torch.manual_seed(12)
    rng = np.random.default_rng(12)
    x, y = simulate_logs(6000, rng)
    xv, yv = simulate_logs(1000, rng)
    model = CabinTracker()
    opt = torch.optim.RMSprop(model.parameters(), lr=4e-3)
    criterion = nn.CrossEntropyLoss()
    feed = batches(x, y, 128, torch.Generator().manual_seed(0))
    recent = []
    for it in range(1, 901):
        if it == 700:
            opt.param_groups[0]["lr"] = 8e-4
        xb, yb = next(feed)
        loss = criterion(model(xb).flatten(0, 1), yb.flatten())
        opt.zero_grad()
        loss.backward()
        opt.step()
        recent.append(loss.item())
        if it % 100 == 0:
            with torch.no_grad():
                pv = model(xv)
                vl = criterion(pv.flatten(0, 1), yv.flatten()).item()
                hit = (pv.argmax(-1) == yv).float().mean().item()
            print(f"iter {it:5d} loss {np.mean(recent[-100:]):.4f} held-out loss {vl:.4f} floors right {hit:.4f}")
    print(f"floors right in unseen logs: {hit:.4f}")


main()
