import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(21)


def render_eyes(n, size=12):
    """Little eye images: an iris shifted toward the direction of gaze."""
    az = (torch.rand(n) - 0.5) * 1.6
    el = (torch.rand(n) - 0.5) * 1.2
    vec = torch.stack([torch.sin(az) * torch.cos(el), torch.sin(el), torch.cos(az) * torch.cos(el)], dim=1)
    grid = torch.linspace(-1, 1, size)
    yy, xx = torch.meshgrid(grid, grid, indexing="ij")
    cx = 0.75 * vec[:, 0] + 0.08 * torch.randn(n)
    cy = 0.75 * vec[:, 1] + 0.08 * torch.randn(n)
    r2 = (xx[None] - cx[:, None, None]) ** 2 + (yy[None] - cy[:, None, None]) ** 2
    img = 1 - torch.exp(-r2 / 0.08) + 0.15 * torch.randn(n, size, size)
    return ((img - img.mean()) / img.std()).unsqueeze(1), vec


class GazeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.regressor = nn.Sequential(nn.Flatten(), nn.Linear(24 * 9, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x):
        return F.normalize(self.regressor(self.features(x)), dim=1)


def gaze_loss(pred, target):
    return F.cosine_similarity(pred, target, dim=1).mean()


def angular_error(pred, target):
    cos = (pred * target).sum(1).clamp(-1, 1)
    return torch.acos(cos) * 180 / math.pi


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=1e-3, epochs=10):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.epochs = epochs

    def fit(self):
        for epoch in range(1, self.epochs + 1):
            self.model.train()
            losses = []
            for img, vec in self.train_loader:
                self.opt.zero_grad()
                loss = gaze_loss(self.model(img), vec)
                loss.backward()
                self.opt.step()
                losses.append(loss.item())
            print(f"epoch {epoch:2d} loss {sum(losses) / len(losses):+.4f} val error {self.evaluate():.2f} deg")

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        errs = [angular_error(self.model(img), vec) for img, vec in self.val_loader]
        return torch.cat(errs).mean().item()


if __name__ == "__main__":
    data = TensorDataset(*render_eyes(2400))
    train, val = random_split(data, [2000, 400])
    trainer = Trainer(GazeNet(), DataLoader(train, 40, shuffle=True), DataLoader(val, 100))
    trainer.fit()
    print(f"mean angular error: {trainer.evaluate():.3f} degrees")
