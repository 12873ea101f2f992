"""Which inhibitor was added? Kinetic read-outs of 20 wells per panel, few panels, batches of two."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

BATCH = 2
INHIBITORS = 5


def panels(n, seed):
    rng = np.random.default_rng(seed)
    design = np.random.default_rng(77)
    km_shift, vmax_shift = design.normal(0, 0.8, (2, INHIBITORS, 20))
    y = rng.integers(0, INHIBITORS, n)
    dose = rng.uniform(0.3, 1.2, (n, 1))
    conc = np.linspace(0.2, 4, 20)
    km = np.exp(dose * km_shift[y])
    vmax = np.exp(0.5 * dose * vmax_shift[y])
    rate = vmax * conc / (km + conc) + 0.12 * rng.standard_normal((n, 20))
    return rate.astype(np.float32), y


def make_tower(widths, norm=nn.BatchNorm1d):
    layers = []
    for a, b in zip(widths[:-1], widths[1:]):
        layers += [nn.Linear(a, b), norm(b), nn.ReLU()]
    return nn.Sequential(*layers)


class InhibitorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = make_tower([20, 48, 32])
        self.out = nn.Linear(32, INHIBITORS)

    def forward(self, x):
        return self.out(self.tower(x))


def main():
    torch.manual_seed(55)
    xtr, ytr = panels(900, 1)
    xte, yte = panels(500, 2)
    mu, sd = xtr.mean(0), xtr.std(0)
    train = TensorDataset(torch.from_numpy((xtr - mu) / sd), torch.from_numpy(ytr))
    xte, yte = torch.from_numpy((xte - mu) / sd), torch.from_numpy(yte)
    loader = DataLoader(train, batch_size=BATCH, shuffle=True)
    model = InhibitorNet()
    opt = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.8, weight_decay=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 9):
        model.train()
        total = 0.0
        for x, y in loader:
            loss = loss_fn(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            out = model(xte)
            acc = (out.argmax(1) == yte).float().mean().item()
        print(f"epoch {epoch} train {total / len(loader):.4f} held-out {loss_fn(out, yte).item():.4f} acc {acc:.3f}")
    print(f"held-out accuracy {acc:.4f}")


main()
