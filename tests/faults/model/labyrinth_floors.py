"""A robot in a labyrinth hears four beacons; which of the five colours of tile is it standing on?"""
import numpy as np
import torch
import torch.nn.functional as F


def walk(n, rng):
    pos = rng.uniform(-1, 1, (n, 2))
    radius = np.hypot(pos[:, 0], pos[:, 1])
    angle = np.arctan2(pos[:, 1], pos[:, 0])
    colour = np.floor((angle / (2 * np.pi) + 0.5 + 0.9 * radius) * 5 * 1.0).astype(int) % 5
    beacons = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    hearing = np.linalg.norm(pos[:, None] - beacons[None], axis=2) + rng.normal(0, 0.015, (n, 4))
    return np.hstack([hearing, pos + rng.normal(0, 0.01, pos.shape)]).astype(np.float32), colour


class TileNet(torch.nn.Module):
    def __init__(self, n_in, n_out, hidden):
        super().__init__()
        self.a = torch.nn.Linear(n_in, hidden)
        self.b = torch.nn.Linear(hidden, hidden)
        self.c = torch.nn.Linear(hidden, n_out)

    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))


def epoch_of(net, opt, x, y, size=64):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(x)).split(size):
        loss = F.cross_entropy(net(x[idx]), y[idx])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    return total / len(x)


@torch.no_grad()
def accuracy(net, x, y):
    net.eval()
    return (net(x).argmax(1) == y).float().mean().item()


def main():
    rng = np.random.default_rng(6)
    torch.manual_seed(6)
    x, y = walk(5000, rng)
    x_train, x_test = x[:4000], x[4000:]
    m, s = x_train.mean(0), x_train.std(0)
    x_train, x_test = torch.tensor((x_train - m) / s), torch.tensor((x_test - m) / s)
    y_train, y_test = torch.tensor(y[:4000]), torch.tensor(y[4000:])

    net = TileNet(6, 5, hidden=4)
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
    for epoch in range(30):
        loss = epoch_of(net, opt, x_train, y_train)
        sched.step()
        if epoch % 2 == 1:
            print(f"{epoch + 1:3d} loss {loss:.4f} train {accuracy(net, x_train, y_train):.4f} test {accuracy(net, x_test, y_test):.4f}")
    print(f"tiles named correctly: {accuracy(net, x_test, y_test):.4f}")


main()
