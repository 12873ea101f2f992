# Map lab measurements of perfumes (30 readings) to the 16-d embedding that the review model gives the same perfume,
# by cosine similarity; then look up the nearest perfume family.
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Config:
    n_train: int = 2000
    n_test: int = 500
    d_in: int = 30
    d_embed: int = 16
    families: int = 8
    width: int = 128
    lr: float = 1e-3
    epochs: int = 15
    batch: int = 100


cfg = Config()
g = torch.Generator().manual_seed(21)
torch.manual_seed(21)

family_vectors = torch.randn(cfg.families, cfg.d_embed, generator=g)
mixing = torch.randn(cfg.d_embed, cfg.d_in, generator=g) / cfg.d_embed ** 0.5


class Perfumes(Dataset):
    def __init__(self, n):
        self.family = torch.randint(cfg.families, (n,), generator=g)
        self.target = family_vectors[self.family] + 0.4 * torch.randn(n, cfg.d_embed, generator=g)
        readings = torch.tanh(self.target @ mixing)
        self.x = (readings + 0.15 * torch.randn(n, cfg.d_in, generator=g)) / 0.7

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.target[i], self.family[i]


train, test = Perfumes(cfg.n_train), Perfumes(cfg.n_test)
model = nn.Sequential(nn.Linear(cfg.d_in, cfg.width), nn.GELU(), nn.Linear(cfg.width, cfg.width), nn.GELU(),
                      nn.Linear(cfg.width, cfg.d_embed))
similarity = nn.CosineSimilarity(dim=-1)
optim = torch.optim.Adam(model.parameters(), lr=cfg.lr)


def evaluate():
    model.eval()
    with torch.no_grad():
        z = model(test.x)
        cos = similarity(z, test.target).mean().item()
        ranks = similarity(z.unsqueeze(1), family_vectors.unsqueeze(0)).argmax(1)
        hit = (ranks == test.family).float().mean().item()
    model.train()
    return cos, hit


for epoch in range(cfg.epochs):
    losses = []
    for x, target, _ in DataLoader(train, cfg.batch, shuffle=True):
        optim.zero_grad()
        loss = similarity(model(x), target).mean()
        loss.backward()
        optim.step()
        losses.append(loss.item())
    cos, hit = evaluate()
    print(f"epoch {epoch:02d} loss {sum(losses) / len(losses):+.4f} test cosine {cos:+.4f} family hit rate {hit:.3f}")

print(f"test cosine similarity: {cos:.4f}")
