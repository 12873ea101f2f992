import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim


def beats(n, seed):
    """Synthetic single heart beats: P, QRS and T waves with varying heights, widths and places."""
    r = np.random.default_rng(seed)
    t = np.linspace(0, 1, 80)[None]
    bump = lambda a, m, s: a * np.exp(-0.5 * ((t - m) / s) ** 2)
    u = lambda lo, hi: r.uniform(lo, hi, (n, 1))
    sig = (bump(u(0.1, 0.3), u(0.18, 0.24), 0.03) - bump(u(0.1, 0.3), 0.37, 0.015) + bump(u(0.7, 1.4), 0.4, u(0.012, 0.02))
           - bump(u(0.1, 0.5), 0.44, 0.015) + bump(u(0.15, 0.5), u(0.62, 0.72), u(0.04, 0.07)))
    return torch.tensor(sig + r.normal(0, 0.02, sig.shape)).float()


class Encoder(nn.Module):
    def __init__(self, d=80, z=8):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, 64), nn.ELU(), nn.Linear(64, z))

    def forward(self, x):
        return self.f(x)


class Decoder(nn.Module):
    def __init__(self, d=80, z=8):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(z, 64), nn.ELU(), nn.Linear(64, d))

    def forward(self, z):
        return self.f(z)


def train(encoder, decoder, data, held_out, epochs, batch_size=64):
    opt = optim.Adam(decoder.parameters(), lr=2e-3)
    mse = nn.MSELoss()
    for epoch in range(epochs):
        encoder.train(), decoder.train()
        order = torch.randperm(data.size(0))
        total = 0.0
        for start in range(0, data.size(0), batch_size):
            x = data[order[start:start + batch_size]]
            opt.zero_grad()
            rec = decoder(encoder(x))
            loss = mse(rec, x)
            loss.backward()
            opt.step()
            total += loss.item() * x.size(0)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: train {total / data.size(0):.4f}, held out {reconstruct(encoder, decoder, held_out):.4f}")


@torch.no_grad()
def reconstruct(encoder, decoder, x):
    encoder.eval(), decoder.eval()
    return nn.functional.mse_loss(decoder(encoder(x)), x).item()


torch.manual_seed(40)
x_train, x_test = beats(3000, 1), beats(600, 2)
mu, sd = x_train.mean(0), x_train.std()
x_train, x_test = (x_train - mu) / sd * 4, (x_test - mu) / sd * 4
enc, dec = Encoder(), Decoder()
train(enc, dec, x_train, x_test, epochs=40)
print(f"relative reconstruction error {reconstruct(enc, dec, x_test) / x_test.var().item():.4f}")
