"""Deep canonical correlation: two encoders whose outputs should correlate across two instruments."""
import torch
import torch.nn as nn


def instruments(n, gen):
    latent = torch.rand(n, 2, generator=gen) * 2 - 1
    a = torch.stack([latent[:, 0], latent[:, 1] ** 2, latent[:, 0] * latent[:, 1], torch.sin(3 * latent[:, 1])], 1)
    b = torch.stack([torch.tanh(2 * latent[:, 1]), latent[:, 0] ** 3, latent.sum(1), latent[:, 0].abs()], 1)
    mix_a, mix_b = torch.randn(4, 12, generator=gen), torch.randn(4, 10, generator=gen)
    return latent, a @ mix_a, b @ mix_b


def encoder(n_in, n_out=2):
    return nn.Sequential(nn.Linear(n_in, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, n_out))


def cca_loss(h1, h2, eps=1e-3):
    """Minus the sum of canonical correlations of a batch."""
    n = h1.shape[0]
    h1, h2 = h1 - h1.mean(0), h2 - h2.mean(0)
    s11 = h1.T @ h1 / (n - 1) + eps * torch.eye(h1.shape[1])
    s22 = h2.T @ h2 / (n - 1) + eps * torch.eye(h2.shape[1])
    s12 = h1.T @ h2 / (n - 1)
    l1, l2 = torch.linalg.cholesky(s11), torch.linalg.cholesky(s22)
    t = torch.linalg.solve_triangular(l1, s12, upper=False)
    t = torch.linalg.solve_triangular(l2, t.T, upper=False)
    return -torch.linalg.svdvals(t).sum()


def main():
    torch.manual_seed(70)
    gen = torch.Generator().manual_seed(70)
    latent, a, b = instruments(4000, gen)
    a = (a - a.mean(0)) / a.std(0) + 0.25 * torch.randn(a.shape, generator=gen)
    b = (b - b.mean(0)) / b.std(0) + 0.25 * torch.randn(b.shape, generator=gen)
    a_tr, b_tr, a_te, b_te = a[:3000], b[:3000], a[3000:], b[3000:]
    f, g = encoder(12), encoder(10)
    opt = torch.optim.Adam([*f.parameters(), *g.parameters()], lr=3e-3, weight_decay=1e-4)
    for epoch in range(30):
        tot = 0.0
        batches = torch.randperm(3000).split(300)
        for idx in batches:
            loss = cca_loss(f(a_tr[idx]), g(b_tr[idx]))
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item()
        with torch.no_grad():
            test = cca_loss(f(a_te), g(b_te)).item()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1:2d} train {tot / len(batches):.4f} test {test:.4f}")
    print(f"total canonical correlation on test: {-test:.4f}")


if __name__ == "__main__":
    main()
