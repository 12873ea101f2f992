"""Learn 32-bit hash codes of small images; retrieval by Hamming distance. Signs pass gradients straight through."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

BITS = 32
torch.manual_seed(27)


def straight_through_sign(x):
    soft = torch.tanh(x)
    hard = torch.where(x >= 0, 1.0, -1.0)
    return soft + (hard - soft).detach()


class Hasher(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.LeakyReLU(0.1),
                                      nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32),
                                      nn.LeakyReLU(0.1), nn.Flatten(), nn.Dropout(0.3))
        self.code = nn.Linear(32 * 16, BITS)
        self.classify = nn.Linear(BITS, 10)

    def forward(self, x):
        pre = self.code(self.features(x))
        bits = straight_through_sign(pre)
        return self.classify(bits), bits, pre


def objective(logits, y, bits, pre):
    fit = nn.functional.cross_entropy(logits, y)
    balance = bits.mean(0).pow(2).mean()
    quantise = (pre.abs() - 1).pow(2).mean()
    return fit + 0.5 * balance + 0.05 * quantise


@torch.no_grad()
def codes(model, x):
    model.eval()
    return model(x)[1]


def retrieval_precision(query, ql, base, bl, k=5):
    distance = (BITS - query @ base.T) / 2
    near = distance.topk(k, dim=1, largest=False).indices
    return (bl[near] == ql.unsqueeze(1)).float().mean().item()


images, labels = load_digits(return_X_y=True)
a, b, ya, yb = train_test_split(images, labels, test_size=400, stratify=labels, random_state=1)
mean, std = a.mean(), a.std()
a, b = (torch.tensor((z - mean) / std, dtype=torch.float32).view(-1, 1, 8, 8) for z in (a, b))
ya, yb = torch.tensor(ya), torch.tensor(yb)

loader = DataLoader(TensorDataset(a, ya), batch_size=64, shuffle=True, drop_last=True)
model = Hasher()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
for epoch in range(15):
    model.train()
    total = 0.0
    for x, y in loader:
        logits, bits, pre = model(x)
        loss = objective(logits, y, bits, pre)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    if epoch % 3 == 2:
        p = retrieval_precision(codes(model, b), yb, codes(model, a), ya)
        print(f"epoch {epoch + 1}: loss {total / len(loader):.4f} precision@5 {p:.4f}")
print(f"precision of the five nearest codes: {p:.4f}")
