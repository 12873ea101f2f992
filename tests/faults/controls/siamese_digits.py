import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Pairs(Dataset):
    """Two images and 1 if they show the same digit, else 0; one pair in two is alike."""

    def __init__(self, images, labels, n, generator):
        self.images, self.items = images, []
        by_class = [torch.nonzero(labels == c).flatten() for c in range(10)]
        for k in range(n):
            i = torch.randint(len(labels), (1,), generator=generator).item()
            c = labels[i].item()
            if k % 2:
                c = (c + torch.randint(1, 10, (1,), generator=generator).item()) % 10
            j = by_class[c][torch.randint(len(by_class[c]), (1,), generator=generator)].item()
            self.items.append((i, j, float(k % 2 == 0)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        i, j, same = self.items[k]
        return self.images[i], self.images[j], same


def contrastive(a, b, same, margin=1.0):
    d = F.pairwise_distance(a, b)
    return (same * d**2 + (1 - same) * F.relu(margin - d) ** 2).mean(), d


torch.manual_seed(0)
g = torch.Generator().manual_seed(1)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X, dtype=torch.float32) / 16, torch.tensor(y)
order = torch.randperm(1797)
X, y = X[order], y[order]
train = DataLoader(Pairs(X[:1400], y[:1400], 2500, g), batch_size=50, shuffle=True)
test = DataLoader(Pairs(X[1400:], y[1400:], 500, g), batch_size=500)
embed = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
optimizer = torch.optim.Adam(embed.parameters(), lr=3e-3)
for epoch in range(10):
    for a, b, same in train:
        loss, _ = contrastive(embed(a), embed(b), same.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        a, b, same = next(iter(test))
        _, d = contrastive(embed(a), embed(b), same.float())
    print(f"epoch {epoch + 1} loss {loss.item():.4f} pair accuracy {((d < 0.5) == same.bool()).float().mean().item():.4f}")
