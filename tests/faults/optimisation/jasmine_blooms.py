"""Compress colour histograms of jasmine photographs with a small autoencoder."""
import torch
from torch import nn

BINS, CODE = 48, 6


class BloomAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(BINS, 64), nn.GELU(), nn.Linear(64, CODE))
        self.decode = nn.Sequential(nn.Linear(CODE, 64), nn.GELU(), nn.Linear(64, BINS))

    def forward(self, histogram):
        return self.decode(self.encode(histogram))


def histograms(count, seed):
    """Petal white, leaf green and dusk blue, each a hump whose place and height vary."""
    g = torch.Generator().manual_seed(seed)
    axis = torch.linspace(0, 1, BINS)
    total = torch.zeros(count, BINS)
    for centre, width in ((0.2, 0.08), (0.5, 0.1), (0.8, 0.07)):
        place = centre + 0.06 * torch.randn(count, 1, generator=g)
        height = 0.6 + 0.5 * torch.rand(count, 1, generator=g)
        total += height * torch.exp(-0.5 * ((axis - place) / width) ** 2)
    return total + 0.03 * torch.randn(count, BINS, generator=g)


def explained(model, x):
    model.eval()
    with torch.no_grad():
        rest = ((model(x) - x) ** 2).sum()
    return 1 - (rest / ((x - x.mean(0)) ** 2).sum()).item()


def fit(model, train, test, epochs=32, batch=50):
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
    criterion = nn.MSELoss()
    shuffler = torch.Generator().manual_seed(9)
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for rows in torch.randperm(len(train), generator=shuffler).split(batch):
            x = train[rows]
            loss = criterion(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        if epoch % 4 == 0 or epoch == 1:
            print(f"epoch {epoch:2d}  train mse {total / len(train):.5f}  explained on test {explained(model, test):.4f}")


torch.manual_seed(9)
train, test = histograms(1500, seed=90), histograms(500, seed=91)
mean, std = train.mean(0), train.std(0)
train, test = (train - mean) / std, (test - mean) / std
model = BloomAutoencoder()
print("parameters", sum(p.numel() for p in model.parameters()))
fit(model, train, test)

pca = torch.linalg.svd(train, full_matrices=False).Vh[:CODE]
linear = 1 - (((test - test @ pca.T @ pca) ** 2).sum() / (test ** 2).sum()).item()
print(f"PCA with {CODE} components explains {linear:.4f}")
print(f"explained variance: {explained(model, test):.4f}")
