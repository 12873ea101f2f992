"""Pre-train an MLP on upright figures, then adapt it with low-rank updates (LoRA) to mirrored, inverted ones."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)
np.random.seed(71)


class LoRALinear(nn.Module):
    def __init__(self, base, rank=8, alpha=16):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features ** 0.5)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.A), self.B)


def fit(model, loader, epochs, lr, x_te, y_te, tag):
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.Adam(params, lr=lr)
    for epoch in range(1, epochs + 1):
        model.train()
        losses = []
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        if epoch % 3 == 0:
            model.eval()
            with torch.no_grad():
                out = model(x_te)
            print(f"{tag} {epoch:2d} loss {np.mean(losses):.4f} test loss {F.cross_entropy(out, y_te):.4f}")


def by_class(x, y):
    """Class after class, as the images lie in their folders."""
    order = np.concatenate([np.where(y == c)[0] for c in range(10)])
    return torch.tensor(x[order]), torch.tensor(y[order])


digits = load_digits()
images = ((digits.images - 4.88) / 6.02).astype("float32")
perm = np.random.permutation(len(images))
old, new_train, new_test = perm[:700], perm[700:1400], perm[1400:]
mirrored = -images[:, :, ::-1].copy()

x_old, y_old = torch.tensor(images[old].reshape(-1, 64)), torch.tensor(digits.target[old])
x_new, y_new = by_class(mirrored[new_train].reshape(-1, 64), digits.target[new_train])
x_te, y_te = torch.tensor(mirrored[new_test].reshape(-1, 64)), torch.tensor(digits.target[new_test])

net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
fit(net, DataLoader(TensorDataset(x_old, y_old), batch_size=32, shuffle=True), 12, 2e-3, x_te, y_te, "pretrain")
for i in (0, 2, 4):
    net[i] = LoRALinear(net[i])
adapt_loader = DataLoader(TensorDataset(x_new, y_new), batch_size=10)
fit(net, adapt_loader, 12, 2.5e-3, x_te, y_te, "adapt")
net.eval()
with torch.no_grad():
    acc = (net(x_te).argmax(1) == y_te).float().mean().item()
print(f"adapted accuracy: {acc:.4f}")
