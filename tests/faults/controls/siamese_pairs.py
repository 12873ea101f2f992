import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class PairDataset(Dataset):
    def __init__(self, X, y, n_pairs, seed):
        g = torch.Generator().manual_seed(seed)
        by_class = [torch.where(y == c)[0] for c in range(10)]
        self.X, self.pairs = X, []
        for i in range(n_pairs):
            a = torch.randint(len(X), (1,), generator=g).item()
            same = i % 2 == 0
            c = y[a].item() if same else (y[a].item() + torch.randint(1, 10, (1,), generator=g).item()) % 10
            b = by_class[c][torch.randint(len(by_class[c]), (1,), generator=g)].item()
            self.pairs.append((a, b, float(same)))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        a, b, same = self.pairs[i]
        return self.X[a], self.X[b], same


class Siamese(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, dim))

    def forward(self, a, b):
        return (self.encoder(a) - self.encoder(b)).pow(2).sum(1).add(1e-6).sqrt()


def contrastive_loss(dist, same, margin=1.5):
    return (same * dist.pow(2) + (1 - same) * F.relu(margin - dist).pow(2)).mean()


torch.manual_seed(59)
d = load_digits()
X, y = torch.tensor(d.data).float(), torch.tensor(d.target)
p = torch.randperm(len(X))
X, y = X[p], y[p]
X = (X - X[:1300].mean()) / X[:1300].std()
train_dl = DataLoader(PairDataset(X[:1300], y[:1300], 6000, 1), batch_size=60, shuffle=True)
val_dl = DataLoader(PairDataset(X[1300:], y[1300:], 1500, 2), batch_size=500)
model = Siamese()
opt = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 5e-3, total_steps=10 * len(train_dl))
for epoch in range(10):
    model.train()
    tot = 0.0
    for a, b, s in train_dl:
        loss = contrastive_loss(model(a, b), s.float())
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        tot += loss.item()
    model.eval()
    vl, ok = 0.0, 0
    with torch.no_grad():
        for a, b, s in val_dl:
            dist = model(a, b)
            vl += contrastive_loss(dist, s.float()).item()
            ok += ((dist < 0.75).float() == s).sum().item()
    print(f"epoch {epoch + 1:2d} train {tot / len(train_dl):.4f} val {vl / len(val_dl):.4f} pair acc {ok / 1500:.4f}")
print(f"pair accuracy = {ok / 1500:.4f}")
