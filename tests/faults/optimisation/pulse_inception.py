import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset


class PulseDataset(Dataset):
    """Five kinds of pulse trains on a noisy line."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        t = np.arange(80)
        self.y = rng.integers(0, 5, n)
        x = rng.normal(0, 0.55, (n, 80))
        for i, k in enumerate(self.y):
            for c in rng.choice(np.arange(8, 72, 8), 3, replace=False):
                u = (t - c - rng.uniform(-2, 2)) / 2.0
                shape = [np.exp(-u ** 2), -np.exp(-u ** 2), u * np.exp(-u ** 2 / 2), -u * np.exp(-u ** 2 / 2),
                         (1 - u ** 2) * np.exp(-u ** 2 / 2)][k]
                x[i] += 1.6 * shape
        self.x = ((x - x.mean()) / x.std()).astype(np.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i:i + 1]), int(self.y[i])


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c_branch, kernels=(3, 7, 15)):
        super().__init__()
        self.branches = [nn.Conv1d(c_in, c_branch, k, padding=k // 2) for k in kernels]
        self.norm = nn.BatchNorm1d(c_branch * len(kernels))

    def forward(self, x):
        return F.relu(self.norm(torch.cat([b(x) for b in self.branches], dim=1)))


class PulseInception(nn.Module):
    def __init__(self, n_classes=5):
        super().__init__()
        self.block1 = InceptionBlock(1, 4)
        self.block2 = InceptionBlock(12, 4)
        self.fc = nn.Linear(12, n_classes)

    def forward(self, x):
        x = F.max_pool1d(self.block1(x), 2)
        x = self.block2(x)
        return self.fc(x.amax(dim=-1))


def evaluate(model, loader):
    model.eval()
    hits, loss = 0, 0.0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            hits += (out.argmax(1) == y).sum().item()
            loss += F.cross_entropy(out, y, reduction="sum").item()
    return loss / len(loader.dataset), hits / len(loader.dataset)


def main():
    torch.manual_seed(6)
    train_loader = DataLoader(PulseDataset(1800, 1), batch_size=60, shuffle=True)
    valid_loader = DataLoader(PulseDataset(600, 2), batch_size=300)
    model = PulseInception()
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, [8, 12], gamma=0.2)
    for epoch in range(14):
        model.train()
        total = 0.0
        for x, y in train_loader:
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item() * len(y)
        sched.step()
        vloss, vacc = evaluate(model, valid_loader)
        print(f"ep {epoch + 1:02d} | train {total / 1800:.3f} | valid {vloss:.3f} | acc {vacc:.3f}")
    print(f"valid accuracy {vacc:.4f}")


if __name__ == "__main__":
    main()
