# Loom diagnosis: 14 strokes of the shuttle, three tension sensors; which of four faults built up during the run?
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

STROKES = 14


def make_runs(n, rng):
    """A slack pick on the left (1) or right (2) sensor early on; a knock later either follows or not."""
    x = rng.normal(0, 0.3, (n, STROKES, 3))
    side = rng.integers(0, 2, n)
    knock = rng.integers(0, 2, n)
    first = rng.integers(2, 7, n)
    second = rng.integers(8, 13, n)
    rows = np.arange(n)
    x[rows, first, side] -= 2.5
    x[rows, second, 2] += np.where(knock == 1, 2.5, -2.5)
    x[:, :, 2] += np.linspace(-0.3, 0.3, STROKES)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(side * 2 + knock)


class LoomGRU(nn.Module):
    def __init__(self, inputs=3, hidden=24, classes=4):
        super().__init__()
        self.hidden = hidden
        self.cell = nn.GRUCell(inputs, hidden)
        self.readout = nn.Linear(hidden, classes)

    def forward(self, x):
        h = x.new_zeros(x.shape[0], self.hidden)
        for t in range(x.shape[1]):
            h = self.cell(x[:, t], h.detach())
        return self.readout(h)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


def train(model, x, y, x_val, y_val, epochs=14, batch=64, lr=1e-2):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        model.train()
        losses = []
        perm = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            idx = perm[i:i + batch]
            loss = F.cross_entropy(model(x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {epoch + 1:2d}: loss {np.mean(losses):.4f}, validation accuracy {accuracy(model, x_val, y_val):.4f}")


if __name__ == "__main__":
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    x_train, y_train = make_runs(1600, rng)
    x_val, y_val = make_runs(500, rng)
    model = LoomGRU()
    train(model, x_train, y_train, x_val, y_val)
    print("training accuracy: %.4f" % accuracy(model, x_train, y_train))
    print("validation accuracy: %.4f" % accuracy(model, x_val, y_val))
