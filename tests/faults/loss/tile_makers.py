"""Attribute old tiles to one of twelve workshops by their glaze pattern: embedding + one prototype per workshop."""
import torch
from torch import nn

LOSSES = {"nll": nn.NLLLoss, "margin": nn.MultiMarginLoss}
CONFIG = {
    "data": {"workshops": 12, "per_shop": 220, "side": 12, "seed": 77},
    "model": {"channels": 16, "embedding": 32},
    "loss": {"name": "nll", "args": {}},
    "optim": {"lr": 2e-3, "epochs": 16, "batch": 66},
}


def tiles(workshops, per_shop, side, seed):
    g = torch.Generator().manual_seed(seed)
    rows, cols = torch.meshgrid(torch.arange(side) / side, torch.arange(side) / side, indexing="ij")
    angle = 3.1416 * torch.arange(workshops).remainder(6) / 6
    pitch = torch.where(torch.arange(workshops) < 6, 2.0, 3.4)
    shop = torch.arange(workshops).repeat_interleave(per_shop)
    n = len(shop)
    a = angle[shop] + 0.09 * torch.randn(n, generator=g)
    f = pitch[shop] + 0.2 * torch.randn(n, generator=g)
    shift = 6.2832 * torch.rand(n, 1, 1, generator=g)
    along = rows * a.cos()[:, None, None] + cols * a.sin()[:, None, None]
    glaze = torch.sin(6.2832 * f[:, None, None] * along + shift) + 0.5 * torch.randn(n, side, side, generator=g)
    mix = torch.randperm(n, generator=g)
    return glaze[mix, None], shop[mix]


class PrototypeNet(nn.Module):
    def __init__(self, workshops, channels, embedding):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, 5, padding=2), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3), nn.BatchNorm2d(2 * channels), nn.ReLU())
        self.embed = nn.Linear(4 * channels, embedding)
        self.prototypes = nn.Parameter(torch.randn(workshops, embedding) / embedding ** 0.5)

    def forward(self, x):
        h = self.features(x)
        z = self.embed(torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1))
        return z @ self.prototypes.T


class Attribution:
    def __init__(self, config):
        torch.manual_seed(config["data"]["seed"])
        x, y = tiles(**config["data"])
        cut = int(0.8 * len(x))
        self.train, self.val = (x[:cut], y[:cut]), (x[cut:], y[cut:])
        self.model = PrototypeNet(config["data"]["workshops"], **config["model"])
        self.criterion = LOSSES[config["loss"]["name"]](**config["loss"]["args"])
        self.opt = torch.optim.Adam(self.model.parameters(), lr=config["optim"]["lr"])
        self.cfg = config["optim"]
        self.fade = torch.optim.lr_scheduler.ExponentialLR(self.opt, 0.8)

    def loss(self, x, y):
        scores = self.model(x)
        return self.criterion(scores, y)

    @torch.no_grad()
    def accuracy(self):
        self.model.eval()
        x, y = self.val
        return (self.model(x).argmax(1) == y).double().mean().item()

    def fit(self):
        x, y = self.train
        for epoch in range(1, self.cfg["epochs"] + 1):
            self.model.train()
            total = 0.0
            for rows in torch.randperm(len(x)).split(self.cfg["batch"]):
                loss = self.loss(x[rows], y[rows])
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                total += loss.item() * len(rows)
            self.fade.step()
            if epoch % 2 == 0:
                print(f"epoch={epoch} loss={total / len(x):.4f} val_acc={self.accuracy():.4f}")


job = Attribution(CONFIG)
job.fit()
print(f"workshop attribution on held-out tiles, accuracy = {job.accuracy():.4f}")
