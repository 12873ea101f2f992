import argparse

import torch
import torch.nn as nn

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=25)
ap.add_argument("--lr", type=float, default=2e-3)
ap.add_argument("--batch-size", type=int, default=64)
opt = ap.parse_args()
torch.manual_seed(33)


def make_jets(n, particles=12):
    """Invariant mass of a bag of particles (px, py, pz); between 5 and 12 of them are present."""
    p = torch.randn(n, particles, 3)
    present = torch.arange(particles).expand(n, -1) < torch.randint(5, particles + 1, (n, 1))
    p = p * present.unsqueeze(-1)
    energy = p.norm(dim=2).sum(1)
    mass = (energy ** 2 - p.sum(1).pow(2).sum(1)).clamp(min=0).sqrt()
    return p, present.float(), (mass - mass.mean()) / mass.std()


class DeepSet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(3, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                 nn.Linear(width, 16))
        self.rho = nn.Sequential(nn.Linear(16, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, p, mask):
        pooled = (self.phi(p) * mask.unsqueeze(-1)).sum(1) / 4
        return self.rho(pooled).squeeze(-1)


p, mask, mass = make_jets(3000)
train, test = slice(0, 2400), slice(2400, 3000)
model = DeepSet()
optimizer = torch.optim.RMSprop(model.rho.parameters(), lr=opt.lr)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.3)
criterion = nn.SmoothL1Loss()


def r2(model):
    model.eval()
    with torch.no_grad():
        err = (model(p[test], mask[test]) - mass[test]).pow(2).mean()
    return 1 - (err / mass[test].var()).item()


for epoch in range(opt.epochs):
    model.train()
    losses = []
    for idx in torch.randperm(2400).split(opt.batch_size):
        optimizer.zero_grad()
        loss = criterion(model(p[idx], mask[idx]), mass[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} loss {sum(losses) / len(losses):.4f} R2 {r2(model):.4f}")
print(f"R2 on the test jets: {r2(model):.4f}")
