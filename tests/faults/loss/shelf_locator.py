# Where on the warehouse floor is the pallet truck?  Ten radio beacons, one reading each,
# and the floor is divided into bays (3 aisles, 5 bays per aisle).  The dispatcher's
# screen wants aisle + bay.
import argparse

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

N_AISLES, N_BAYS = 3, 5
AISLE_M, BAY_M = 8.0, 6.0


class BeaconReadings(Dataset):
    def __init__(self, n, seed):
        r = np.random.RandomState(seed)
        beacons = r.uniform([0, 0], [N_AISLES * AISLE_M, N_BAYS * BAY_M], size=(10, 2))
        self.aisle = r.randint(0, N_AISLES, n)
        self.bay = r.randint(0, N_BAYS, n)
        east = (self.aisle + r.uniform(0.12, 0.88, n)) * AISLE_M
        north = (self.bay + r.uniform(0.12, 0.88, n)) * BAY_M
        d = np.hypot(east[:, None] - beacons[:, 0], north[:, None] - beacons[:, 1])
        rssi = -40 - 22 * np.log10(d + 1) + r.normal(0, 0.9, d.shape)
        self.rssi = torch.tensor((rssi - rssi.mean(0)) / rssi.std(0), dtype=torch.float32)
        self.cell = torch.from_numpy(self.aisle * N_AISLES + self.bay)

    def __len__(self):
        return len(self.cell)

    def __getitem__(self, i):
        return self.rssi[i], self.cell[i], self.aisle[i], self.bay[i]


def evaluate(net, loader):
    net.eval()
    right, metres, n = 0, 0.0, 0
    with torch.no_grad():
        for rssi, _, aisle, bay in loader:
            guess = net(rssi).argmax(dim=1)
            g_aisle = torch.div(guess, N_BAYS, rounding_mode="floor")
            g_bay = guess % N_BAYS
            right += int(((g_aisle == aisle) & (g_bay == bay)).sum())
            metres += float(torch.hypot((g_aisle - aisle) * AISLE_M, (g_bay - bay) * BAY_M).sum())
            n += len(guess)
    return right / n, metres / n


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=20)
    ap.add_argument("--lr", type=float, default=0.1)
    ap.add_argument("--hidden", type=int, default=96)
    ap.add_argument("--seed", type=int, default=5)
    args = ap.parse_args()

    torch.manual_seed(args.seed)
    data = BeaconReadings(6000, args.seed)
    train_set, val_set = random_split(data, [4800, 1200])
    train = DataLoader(train_set, batch_size=64, shuffle=True)
    val = DataLoader(val_set, batch_size=300)

    net = nn.Sequential(
        nn.Linear(10, args.hidden), nn.ReLU(),
        nn.Linear(args.hidden, args.hidden), nn.ReLU(),
        nn.Linear(args.hidden, N_AISLES * N_BAYS),
    )
    ce = nn.CrossEntropyLoss()
    sgd = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
    decay = torch.optim.lr_scheduler.LinearLR(sgd, 1.0, 0.02, total_iters=args.epochs)

    for epoch in range(args.epochs):
        net.train()
        losses = []
        for rssi, cell, _, _ in train:
            sgd.zero_grad()
            loss = ce(net(rssi), cell)
            loss.backward()
            sgd.step()
            losses.append(loss.item())
        decay.step()
        if epoch % 2 == 1:
            acc, off = evaluate(net, val)
            print("epoch %2d | train ce %.3f | right bay %.3f | off by %.2f m" % (epoch + 1, np.mean(losses), acc, off))

    acc, off = evaluate(net, val)
    print("RESULT right bay %.4f (mean error %.2f m)" % (acc, off))
