import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(3)
torch.set_num_threads(1)

VARIETIES = ["bishop", "cafe", "cornel", "fascination", "karma", "mystic", "thomas", "verone"]


class PetalTable(Dataset):
    """Nine measurements of a bloom, one folder of sheets per variety."""

    def __init__(self, per_variety, seed):
        centres = np.random.default_rng(40).normal(0, 1.0, (len(VARIETIES), 2, 9))
        rng = np.random.default_rng(seed)
        rows, kinds = [], []
        for kind in range(len(VARIETIES)):
            form = rng.integers(0, 2, per_variety)
            rows.append(centres[kind, form] + rng.normal(0, 0.5, (per_variety, 9)))
            kinds.append(np.full(per_variety, kind))
        self.rows = torch.tensor(np.concatenate(rows), dtype=torch.float32)
        self.kinds = torch.tensor(np.concatenate(kinds))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i], self.kinds[i]


class PetalNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.a = nn.Linear(9, width)
        self.b = nn.Linear(width, width)
        self.c = nn.Linear(width, len(VARIETIES))

    def forward(self, x):
        x = F.relu(self.a(x))
        x = F.relu(self.b(x))
        return self.c(x)


def accuracy(net, data):
    net.eval()
    with torch.no_grad():
        return (net(data.rows).argmax(1) == data.kinds).float().mean().item()


def main():
    train, test = PetalTable(600, seed=1), PetalTable(80, seed=2)
    batches = DataLoader(train, batch_size=40)
    net = PetalNet()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(16):
        net.train()
        losses = []
        for rows, kinds in batches:
            opt.zero_grad()
            loss = F.cross_entropy(net(rows), kinds)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        if epoch % 4 == 0:
            print(f"[{epoch:02d}] loss {np.mean(losses):.3f} train {accuracy(net, train):.3f}")
    print(f"test accuracy {accuracy(net, test):.3f}")


if __name__ == "__main__":
    main()
