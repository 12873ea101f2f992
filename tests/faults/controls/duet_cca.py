"""Deep CCA: two networks learn codes of two views that correlate as much as they can."""
import torch
from torch import nn

torch.manual_seed(55)
K = 2


def views(n):
    z = torch.randn(n, K)                                     # what both hear
    own_a, own_b = torch.randn(n, 3), torch.randn(n, 3)
    g = torch.Generator().manual_seed(1)
    ma, mb = torch.randn(K + 3, 12, generator=g), torch.randn(K + 3, 10, generator=g)
    a = torch.cat([torch.sinh(z), own_a], 1) @ ma / 2.5 + 0.1 * torch.randn(n, 12)
    b = torch.cat([z ** 3 / 3 + z, own_b], 1) @ mb / 2.5 + 0.1 * torch.randn(n, 10)
    return a, b, z


def standardise(x, ref):
    return ((x - ref.mean(0)) / ref.std(0)).clamp(-4, 4)


def total_correlation(h1, h2, eps=1e-3):
    h1, h2 = h1 - h1.mean(0), h2 - h2.mean(0)
    n = len(h1) - 1
    eye = torch.eye(K)
    s11, s22, s12 = h1.T @ h1 / n + eps * eye, h2.T @ h2 / n + eps * eye, h1.T @ h2 / n
    l1, l2 = torch.linalg.cholesky(s11), torch.linalg.cholesky(s22)
    t = torch.linalg.solve_triangular(l1, s12, upper=False)
    t = torch.linalg.solve_triangular(l2, t.T, upper=False)
    return torch.linalg.matrix_norm(t, ord="nuc")


def tower(n_in):
    return nn.Sequential(nn.Linear(n_in, 32), nn.Tanh(), nn.Linear(32, K))


a, b, z = views(4000)
a_val, b_val, z_val = views(1000)
a_val, b_val = standardise(a_val, a), standardise(b_val, b)
a, b = standardise(a, a), standardise(b, b)
left, right = tower(12), tower(10)
optimizer = torch.optim.AdamW(list(left.parameters()) + list(right.parameters()), lr=5e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)

for epoch in range(30):
    for idx in torch.randperm(len(a)).split(500):
        loss = -total_correlation(left(a[idx]), right(b[idx]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    with torch.no_grad():
        held = total_correlation(left(a_val), right(b_val)).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d}  loss {loss.item():+.4f}  held-out correlation {held:.4f} of {K}")

print(f"held-out total correlation: {held:.4f}")
