"""Neural ODE for hares and lynx (log densities) from short noisy census runs.

The ministry wants next winter's numbers; the vector field is a small network, integrated with RK4 and
fitted to whole runs.  Score: R2 of runs that were not used.
"""
import torch
from torch import nn

N_FIT, N_NEW, STEPS, DT = 160, 80, 14, 0.25
BATCH = 32
EPOCHS = 7


def true_field(s):
    hare, lynx = s[..., 0].exp(), s[..., 1].exp()
    return torch.stack([1.1 - 0.9 * lynx - 0.1 * hare, 0.8 * hare - 0.8], -1)


def rk4(field, s, dt):
    a = field(s)
    b = field(s + 0.5 * dt * a)
    c = field(s + 0.5 * dt * b)
    d = field(s + dt * c)
    return s + dt / 6 * (a + 2 * b + 2 * c + d)


def roll(field, s, steps=STEPS, dt=DT):
    path = [s]
    for _ in range(steps):
        path.append(rk4(field, path[-1], dt))
    return torch.stack(path, 1)


def census(n):
    start = torch.randn(n, 2) * 0.5
    with torch.no_grad():
        path = start
        runs = [start]
        for i in range(STEPS * 5):
            path = rk4(true_field, path, DT / 5)
            if i % 5 == 4:
                runs.append(path)
    runs = torch.stack(runs, 1)
    return runs, runs + 0.03 * torch.randn_like(runs)


class Field(nn.Module):
    def __init__(self, h=40):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, h), nn.Softplus(), nn.Linear(h, 2))
        nn.init.normal_(self.net[2].weight, std=0.05)
        nn.init.zeros_(self.net[2].bias)

    def forward(self, s):
        return self.net(s)


def r2(field, clean):
    with torch.no_grad():
        guess = roll(field, clean[:, 0])
    res = (guess - clean)[:, 1:].pow(2).sum()
    tot = (clean[:, 1:] - clean[:, 1:].mean((0, 1))).pow(2).sum()
    return 1 - (res / tot).item()


def main():
    torch.manual_seed(19)
    _, fit_runs = census(N_FIT)
    new_clean, _ = census(N_NEW)
    field = Field()
    opt = torch.optim.Adam(field.parameters(), lr=0.02)
    for epoch in range(EPOCHS):
        tally = 0.0
        if epoch == 60:
            opt.param_groups[0]["lr"] = 0.003
        for idx in torch.randperm(N_FIT).view(-1, BATCH):
            obs = fit_runs[idx]
            path = roll(field, obs[:, 0])
            loss = torch.nn.functional.smooth_l1_loss(path[:, 1:], obs[:, 1:], beta=0.5)
            opt.zero_grad()
            loss.backward()
            opt.step()
            tally += loss.item() * len(idx) / N_FIT
        if epoch % max(1, EPOCHS // 12) == 0 or epoch == EPOCHS - 1:
            print(f"{epoch:3d}: huber={tally:.5f} r2_new={r2(field, new_clean):+.3f}")
    print("R2 on new runs:", format(r2(field, new_clean), ".4f"))


if __name__ == "__main__":
    main()
