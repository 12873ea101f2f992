"""Minutes a ferry needs at its berth, from the ten vehicles at the head of the queue. Attention over the
queue; layer-wise rates; the crossings arrive as a stream."""
import math
from functools import partial
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset

HYPER = dict(dim=32, heads=2, depth=2, batch=64, epochs=12, per_epoch=42, rate=1.8e-3, layer_factor=0.8)


def crossing(rng):
    kind = rng.choice(3, 10, p=[0.6, 0.25, 0.15])
    length = np.array([4.5, 7.0, 14.0])[kind] + rng.normal(0, 0.5, 10)
    slow = rng.random(10)
    tide = rng.uniform(-1, 1)
    load = np.array([0.5, 0.9, 1.8])[kind] * (1 + 0.8 * np.sin(6 * slow))
    queue = 0.0
    for k in range(10):
        queue += load[k] * (1.15 if k else 1.0)
    minutes = queue * (1 + 0.3 * tide ** 2) + rng.normal(0, 0.4)
    x = np.stack([*np.eye(3)[kind].T, (length - 7) / 4, 2 * slow - 1, np.full(10, tide)], 1)
    return x.astype(np.float32), np.float32((minutes - 10) / 2.8)


class Crossings(IterableDataset):
    def __init__(self, count, seed):
        self.count, self.rng = count, np.random.default_rng(seed)

    def __iter__(self):
        return (crossing(self.rng) for _ in range(self.count))


class BerthNet(nn.Module):
    def __init__(self, dim, heads, depth):
        super().__init__()
        self.embed = nn.Linear(6, dim)
        self.place = nn.Parameter(0.1 * torch.randn(10, dim))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.0, batch_first=True, norm_first=True) for _ in range(depth))
        self.read = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 1))

    def forward(self, x):
        h = self.embed(x) + self.place
        for layer in self.layers:
            h = layer(h)
        return self.read(h.mean(1)).squeeze(-1)


def layerwise(net, rate, factor):
    stages = [[*net.embed.parameters(), net.place], *[list(l.parameters()) for l in net.layers], list(net.read.parameters())]
    return [{"params": ps, "lr": rate * factor ** (len(stages) - 1 - k), "top": rate * factor ** (len(stages) - 1 - k)}
            for k, ps in enumerate(stages)]


def set_rates(opt, at, warm=0.06):
    """A short climb to each layer's own rate, then a cosine down to a hundredth."""
    fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (at - warm) / (1 - warm)))
    for group in opt.param_groups:
        if at < warm:
            group["lr"] = group["top"] * (at + 1e-3) / warm
        else:
            group["lr"] *= fall


def gather(samples):
    x, y = zip(*samples)
    return torch.from_numpy(np.stack(x)), torch.from_numpy(np.stack(y))


def main(h):
    torch.manual_seed(31)
    stream = partial(DataLoader, batch_size=h["batch"], collate_fn=gather)
    held_x, held_y = next(iter(DataLoader(Crossings(1200, 99), batch_size=1200, collate_fn=gather)))
    net = BerthNet(h["dim"], h["heads"], h["depth"])
    opt = torch.optim.AdamW(layerwise(net, h["rate"], h["layer_factor"]), weight_decay=0.01)
    source = Crossings(h["batch"] * h["per_epoch"], 31)
    done, all_steps = 0, h["epochs"] * h["per_epoch"]
    for epoch in range(h["epochs"]):
        net.train()
        errors = []
        for x, y in stream(source):
            set_rates(opt, done / all_steps)
            opt.zero_grad(set_to_none=True)
            loss = nn.functional.l1_loss(net(x), y)
            loss.backward()
            opt.step()
            done += 1
            errors.append(loss.item())
        net.eval()
        with torch.no_grad():
            miss = net(held_x) - held_y
        print(f"epoch {epoch}: mean abs error {2.8 * np.mean(errors):.2f} min | held out {2.8 * miss.abs().mean():.2f} min, "
              f"R2 {1 - miss.square().mean() / held_y.var():.3f}")
    print(f"berth time R2 {1 - (miss.square().mean() / held_y.var()).item():.4f}")


main(HYPER)
