import random

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset

random.seed(4)
np.random.seed(4)
torch.manual_seed(4)

MOTIFS = ["TGACTCA", "CACGTGA", "GGAATCC", "TATAAAG", "CCAATGC", "GATAAGT"]
LENGTH = 60


def random_site(label):
    seq = [random.choice("ACGT") for _ in range(LENGTH)]
    start = random.randint(0, LENGTH - 8)
    for j, c in enumerate(MOTIFS[label]):
        if random.random() > 0.12:
            seq[start + j] = c
    return "".join(seq)


class SiteDataset(Dataset):
    def __init__(self, n):
        self.labels = [i % len(MOTIFS) for i in range(n)]
        self.seqs = [random_site(lab) for lab in self.labels]
        self.onehot = torch.stack([self.encode(s) for s in self.seqs])

    @staticmethod
    def encode(seq):
        idx = torch.tensor(["ACGT".index(c) for c in seq])
        return nn.functional.one_hot(idx, 4).float().t()

    def __len__(self):
        return len(self.seqs)

    def __getitem__(self, i):
        return self.onehot[i], self.labels[i]


class DeepSite(nn.Module):
    def __init__(self, filters=40):
        super().__init__()
        self.scan = nn.Conv1d(4, filters, 9, padding=4)
        self.pool = nn.AdaptiveMaxPool1d(1)
        self.drop = nn.Dropout(0.2)
        self.dense = nn.Sequential(nn.Linear(filters, 32), nn.ReLU(), nn.Linear(32, len(MOTIFS)))

    def forward(self, x):
        h = self.pool(torch.relu(self.scan(x))).squeeze(-1)
        return self.dense(self.drop(h))


def run_epoch(model, loader, optimizer=None):
    training = optimizer is not None
    model.train(training)
    loss_sum, correct, count = 0.0, 0, 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * y.size(0)
            correct += (logits.argmax(1) == y).sum().item()
            count += y.size(0)
    return loss_sum / count, correct / count


def main():
    train_loader = DataLoader(SiteDataset(3000), batch_size=64, shuffle=True)
    valid_loader = DataLoader(SiteDataset(600), batch_size=200)
    model = DeepSite()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    for epoch in range(14):
        tr_loss, tr_acc = run_epoch(model, train_loader, optimizer)
        va_loss, va_acc = run_epoch(model, valid_loader)
        print(f"{epoch:02d} train {tr_loss:.3f}/{tr_acc:.3f} valid {va_loss:.3f}/{va_acc:.3f}")
    print(f"validation accuracy = {va_acc:.4f}")


if __name__ == "__main__":
    main()
