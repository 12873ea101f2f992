import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=12)
ap.add_argument("--width", type=int, default=16)
ap.add_argument("--lr", type=float, default=3e-3)
opts = ap.parse_args()


class LocalBlock(nn.Module):
    """A conv block with its own classifier and its own optimiser; nothing flows back to the block before it."""

    def __init__(self, c_in, c_out, pool, grid=2):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.bn = nn.BatchNorm2d(c_out)
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.aux = nn.Sequential(nn.AdaptiveAvgPool2d(grid), nn.Flatten(), nn.Dropout(0.2), nn.Linear(grid * grid * c_out, 10))

    def forward(self, x):
        z = self.pool(F.relu(self.bn(self.conv(x))))
        return z, self.aux(z)

    def learn(self, x, y, optimizer):
        z, logits = self(x)
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return z.detach(), loss.item()


def evaluate(blocks, x, y):
    accs = []
    with torch.no_grad():
        for b in blocks:
            b.eval()
            x, logits = b(x)
            accs.append((logits.argmax(1) == y).float().mean().item())
    return accs, F.cross_entropy(logits, y).item()


def main():
    torch.manual_seed(3)
    d = load_digits()
    x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)
    x = (x - x.mean()) / x.std()
    y = torch.tensor(d.target)
    order = torch.randperm(len(x))
    tr, te = order[:1300], order[1300:]
    loader = DataLoader(TensorDataset(x[tr], y[tr]), batch_size=50, shuffle=True)
    w = opts.width
    blocks = [LocalBlock(1, w, False, grid=4), LocalBlock(w, 2 * w, True), LocalBlock(2 * w, 2 * w, True)]
    optims = [torch.optim.Adam(b.parameters(), lr=opts.lr, weight_decay=1e-4) for b in blocks]
    for epoch in range(opts.epochs):
        for b in blocks:
            b.train()
        sums = [0.0] * len(blocks)
        for xb, yb in loader:
            h = xb
            for i, (b, o) in enumerate(zip(blocks, optims)):
                h, loss = b.learn(h, yb, o)
                sums[i] += loss / len(loader)
        accs, tl = evaluate(blocks, x[te], y[te])
        print(f"epoch {epoch:2d} losses {[round(s, 3) for s in sums]} accs {[round(a, 3) for a in accs]} last test loss {tl:.3f}")
    print(f"accuracy of the last block: {accs[-1]:.4f}")


main()
