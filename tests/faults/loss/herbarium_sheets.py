# Species from leaf measurements. Labels come as names in the sheet.
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

SPECIES = ["Quercus robur", "Quercus rubra", "Acer campestre", "Acer rubrum", "Tilia cordata",
           "Fagus sylvatica", "Carpinus betulus", "Ulmus minor"]


def collect(n_per_species, seed):
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(100).normal(size=(len(SPECIES), 9)) * 1.4
    rows, names = [], []
    for m, s in zip(means, SPECIES):
        pts = m + rng.normal(size=(n_per_species, 9))
        pts[:, 0] = pts[:, 1] * np.sin(pts[:, 2]) + 0.3 * rng.normal(size=n_per_species)
        rows.append(pts)
        names += [s] * n_per_species
    return np.concatenate(rows), names


class Sheets(Dataset):
    def __init__(self, rows, names, index):
        self.rows = torch.as_tensor(rows, dtype=torch.float32)
        self.names = names
        self.index = index

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        return self.rows[i], self.index[self.key(self.names[i])], i

    @staticmethod
    def key(name):
        return name.split()[0]


class LeafNet(nn.Module):
    def __init__(self, n_in, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_in, 40)
        self.fc2 = nn.Linear(40, n_classes)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


def named_accuracy(net, sheets):
    net.eval()
    right = 0
    with torch.no_grad():
        for x, _, rows in DataLoader(sheets, batch_size=200):
            for guess, row in zip(net(x).argmax(1).tolist(), rows.tolist()):
                right += SPECIES[guess] == sheets.names[row]
    return right / len(sheets)


def main():
    torch.manual_seed(8)
    rows, names = collect(150, seed=1)
    test_rows, test_names = collect(60, seed=2)
    mu, sd = rows.mean(0), rows.std(0)
    index = {Sheets.key(s): i for i, s in enumerate(SPECIES)}
    train = Sheets((rows - mu) / sd, names, index)
    test = Sheets((test_rows - mu) / sd, test_names, index)
    loader = DataLoader(train, batch_size=40, shuffle=True)
    net = LeafNet(9, len(SPECIES))
    opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(17):
        net.train()
        total = 0.0
        for x, y, _ in loader:
            opt.zero_grad()
            loss = loss_fn(net(x), y)
            loss.backward()
            opt.step()
            total += loss.item() * len(x)
        if epoch % 4 == 0:
            print(f"[{epoch:02d}] loss {total / len(train):.4f}  test accuracy {named_accuracy(net, test):.3f}")
    print(f"test accuracy by name: {named_accuracy(net, test):.4f}")


main()
