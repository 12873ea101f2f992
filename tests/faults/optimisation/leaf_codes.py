"""Compress leaf contours into a short code that also has to separate the species."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
POINTS, SPECIES = 48, 4


def contours(n, gen):
    th = torch.linspace(0, 2 * torch.pi, POINTS)
    y = torch.randint(0, SPECIES, (n,), generator=gen)
    lobes = torch.tensor([2.0, 3.0, 5.0, 5.0])[y].unsqueeze(1)
    depth = torch.tensor([0.5, 0.5, 0.5, 0.2])[y].unsqueeze(1) + 0.06 * torch.randn(n, 1, generator=gen)
    turn = 0.5 * torch.randn(n, 1, generator=gen)
    size = 1 + 0.15 * torch.randn(n, 1, generator=gen)
    lean = 0.2 * torch.randn(n, 1, generator=gen)
    r = size * (1 + depth * torch.cos(lobes * th + turn) + lean * torch.cos(th))
    return r + 0.05 * torch.randn(n, POINTS, generator=gen), y


class LeafCoder(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(POINTS, 64), nn.ELU(), nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.ELU(), nn.Linear(64, POINTS))
        self.species = nn.Linear(code, SPECIES)

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z), self.species(z)


gen = torch.Generator().manual_seed(31)
x_train, y_train = contours(3000, gen)
x_test, y_test = contours(800, gen)
m, s = x_train.mean(), x_train.std()
x_train, x_test = (x_train - m) / s, (x_test - m) / s
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=100, shuffle=True)

model = LeafCoder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(1, 26):
    model.train()
    for x, y in loader:
        recon, logits = model(x)
        recon_loss = F.mse_loss(recon, x)
        species_loss = F.cross_entropy(logits, y)
        recon_loss.backward(retain_graph=True)
        optimizer.zero_grad()
        species_loss.mul(0.2).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        recon, logits = model(x_test)
        err = F.mse_loss(recon, x_test).item()
        acc = (logits.argmax(1) == y_test).float().mean().item()
    if epoch % 5 == 0:
        print(f"epoch {epoch}: species loss {species_loss.item():.4f}  test acc {acc:.3f}  reconstruction {err:.4f}")
print(f"reconstruction error on test leaves: {err:.4f}")
