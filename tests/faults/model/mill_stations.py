"""Grinding stations of a mill: from 12 vibration features, is the bearing healthy, dry, cracked or loose?
Stations differ in speed and load, so the answer is read station by station. Averaged weights (SWA) go to the plant."""
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STATES = ("healthy", "dry", "cracked", "loose")


class Plant:
    """Each station is mostly in one state, now and then in another."""

    def __init__(self, seed, stations=40, features=12):
        self.g = torch.Generator().manual_seed(seed)
        self.stations = stations
        self.centres = 1.1 * torch.randn(4, features, generator=self.g)
        self.twist = torch.randn(features, features, generator=self.g) / features ** 0.5

    def read(self, per_station):
        station = torch.arange(self.stations).repeat_interleave(per_station)
        usual = (torch.arange(self.stations) % 4)[station]
        other = torch.randint(4, (len(station),), generator=self.g)
        state = torch.where(torch.rand(len(station), generator=self.g) < 0.7, usual, other)
        x = self.centres[state] + 0.9 * torch.randn(len(station), 12, generator=self.g)
        return x + 0.6 * torch.sin(1.5 * x @ self.twist), state, station


def build():
    layers, width = [], 12
    for out in (64, 64):
        layers += [nn.Linear(width, out, bias=False), nn.BatchNorm1d(out), nn.Mish(), nn.Dropout(0.1)]
        width = out
    return nn.Sequential(*layers, nn.Linear(width, len(STATES)))


def focal(logits, state, gamma=1.0):
    logp = logits.log_softmax(1).gather(1, state[:, None]).squeeze(1)
    return -((1 - logp.exp()) ** gamma * logp).mean()


def by_station(model, x, state, station):
    """Share of right answers for each station."""
    rights = []
    with torch.no_grad():
        for s in station.unique():
            here = station == s
            rights.append((model(x[here]).argmax(1) == state[here]).float().mean())
    return torch.stack(rights)


def main():
    torch.manual_seed(9)
    plant = Plant(seed=9)
    x, state, _ = plant.read(150)
    xv, sv, station_v = plant.read(30)
    mean, std = x.mean(0), x.std(0)
    x, xv = (x - mean) / std, (xv - mean) / std
    model = build()
    deployed = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=2e-4)
    plan = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=18 * 60, power=1.0)
    for epoch in range(1, 19):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(x)).view(60, -1):
            loss = focal(model(x[rows]), state[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            plan.step()
            deployed.update_parameters(model)
            total += loss.item()
        model.eval()
        if epoch % 2 == 0:
            right = by_station(deployed, xv, sv, station_v)
            print(f"{epoch:3d} focal {total / 60:.4f}  stations: mean {right.mean():.3f} worst {right.min():.3f}")
    right = by_station(deployed, xv, sv, station_v)
    print(f"deployed model, mean over stations: {right.mean():.4f}")


main()
