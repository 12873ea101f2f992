"""Two sensors see the same hidden state; learn projections that agree (deep CCA)."""
import torch
import torch.nn as nn

torch.manual_seed(19)


def views(n):
    z = torch.randn(n, 2)
    a = torch.cat([torch.tanh(1.5 * z), z[:, :1] * z[:, 1:], torch.randn(n, 5)], 1) + 0.3 * torch.randn(n, 8)
    b = torch.cat([z ** 3 / 3, z.flip(1), torch.randn(n, 4)], 1) + 0.3 * torch.randn(n, 8)
    return (a - a.mean(0)) / a.std(0), (b - b.mean(0)) / b.std(0)


def inv_sqrt(c):
    w, v = torch.linalg.eigh(c)
    return v @ torch.diag(w.clamp(min=1e-6).rsqrt()) @ v.T


def cca_loss(h, g, ridge=1e-2):
    h, g = h - h.mean(0), g - g.mean(0)
    n, k = h.shape
    eye = torch.eye(k)
    s11, s22, s12 = h.T @ h / (n - 1) + ridge * eye, g.T @ g / (n - 1) + ridge * eye, h.T @ g / (n - 1)
    t = inv_sqrt(s11) @ s12 @ inv_sqrt(s22)
    return -torch.linalg.svdvals(t).sum()


def tower():
    return nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 2))


left, right = tower(), tower()
opt = torch.optim.AdamW([*left.parameters(), *right.parameters()], lr=5e-3, weight_decay=1e-2)
a, b = views(4000)
a_val, b_val = views(1000)
for epoch in range(12):
    for rows in torch.randperm(len(a)).split(200):
        loss = cca_loss(left(a[rows]), right(b[rows]))
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        val = -cca_loss(left(a_val), right(b_val)).item()
    print(f"epoch {epoch + 1}: loss {loss.item():.4f}  validation correlation {val:.4f} (of 2)")
print(f"summed canonical correlation: {val:.4f}")
