"""Ordinal regression: one logit, four learnt thresholds, cumulative targets."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
n, d, K = 3000, 12, 5
X = torch.randn(n, d)
w = torch.randn(d) / d ** 0.5
latent = X @ w + 0.6 * torch.sin(2 * X[:, 0]) + 0.35 * torch.randn(n)
edges = latent.quantile(torch.tensor([0.15, 0.4, 0.65, 0.87]))
stars = torch.bucketize(latent, edges)
train, test = TensorDataset(X[:2400], stars[:2400]), (X[2400:], stars[2400:])
loader = DataLoader(train, batch_size=100, shuffle=True)


class Coral(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, 64), nn.GELU(), nn.Linear(64, 1, bias=False))
        self.bias = nn.Parameter(torch.linspace(1, -1, K - 1))

    def forward(self, x):
        return self.body(x) + self.bias


net = Coral()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
levels = torch.arange(K - 1)
for epoch in range(25):
    total = 0
    for x, s in loader:
        target = (s.unsqueeze(1) > levels).float()
        loss = nn.functional.binary_cross_entropy_with_logits(net(x), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    with torch.no_grad():
        rank = (net(test[0]) > 0).sum(1)
        exact = (rank == test[1]).float().mean().item()
        off = (rank - test[1]).abs().float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2d} loss {total / len(loader):.4f} exact {exact:.3f} mean distance {off:.3f}")
