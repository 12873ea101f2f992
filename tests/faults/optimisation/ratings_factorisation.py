import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class MatrixFactorisation(nn.Module):
    """rating(u, i) = <user_u, item_i> + bias_i"""

    def __init__(self, n_users, n_items, dim):
        super().__init__()
        self.users = nn.Embedding(n_users, dim)
        self.items = nn.Embedding(n_items, dim)
        self.item_bias = nn.Embedding(n_items, 1)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.3)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, u, i):
        return (self.users(u) * self.items(i)).sum(1) + self.item_bias(i).squeeze(1)


def ratings(n_users, n_items, n, rng):
    taste, genre = rng.normal(size=(n_users, 3)), rng.normal(size=(n_items, 3))
    u, i = rng.integers(n_users, size=n), rng.integers(n_items, size=n)
    quality = rng.normal(size=n_items)
    r = 1.5 * quality[i] + (taste[u] * genre[i]).sum(1) / np.sqrt(3) + 0.1 * rng.normal(size=n)
    r = (r - r.mean()) / r.std()
    return torch.tensor(u), torch.tensor(i), torch.tensor(r, dtype=torch.float32)


if __name__ == "__main__":
    torch.manual_seed(0)
    u, i, r = ratings(150, 60, 7000, np.random.default_rng(0))
    train = DataLoader(TensorDataset(u[:6000], i[:6000], r[:6000]), batch_size=100, shuffle=True)
    model = MatrixFactorisation(150, 60, dim=4)
    optimizer = torch.optim.Adam([*model.users.parameters(), *model.item_bias.parameters()], lr=0.02)
    criterion = nn.MSELoss()
    for epoch in range(12):
        total = 0.0
        for users, items, target in train:
            optimizer.zero_grad()
            loss = criterion(model(users, items), target)
            loss.backward()
            optimizer.step()
            total += loss.item()
        with torch.no_grad():
            rmse = criterion(model(u[6000:], i[6000:]), r[6000:]).sqrt().item()
        print(f"epoch {epoch:02d} | train rmse {(total / len(train)) ** 0.5:.3f} | test rmse {rmse:.3f}")
