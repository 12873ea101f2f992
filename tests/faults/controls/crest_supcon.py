"""Supervised contrastive pre-training on vibration windows, then a linear probe on the frozen encoder."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(52)
N_CLASSES, LENGTH = 5, 40


def windows(n):
    y = torch.randint(0, N_CLASSES, (n,))
    t = torch.arange(LENGTH) / LENGTH
    phase = torch.rand(n, 1) * 6.28
    wave = torch.sin(6.28 * (2 + y[:, None]) * t + phase) + 0.4 * torch.sin(6.28 * (9 - y[:, None]) * t)
    x = wave + 0.9 * torch.randn(n, LENGTH)
    return ((x - x.mean()) / x.std()).unsqueeze(1), y


def augment(x):
    x = torch.roll(x, int(torch.randint(0, LENGTH, (1,))), dims=2)
    return x * (0.8 + 0.4 * torch.rand(len(x), 1, 1)) + 0.1 * torch.randn_like(x)


def supcon(z, y, temperature=0.2):
    z = F.normalize(z, dim=1)
    sim = z @ z.T / temperature
    eye = torch.eye(len(z), dtype=torch.bool)
    logp = sim - torch.logsumexp(sim.masked_fill(eye, -1e9), dim=1, keepdim=True)
    same = (y[:, None] == y[None, :]) & ~eye
    return -(logp * same).sum(1).div(same.sum(1).clamp(min=1)).mean()


encoder = nn.Sequential(
    nn.Conv1d(1, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(16, 24, 5, padding=2), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
)
projector = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 12))
x_train, y_train = windows(1500)
x_test, y_test = windows(500)

optimizer = torch.optim.Adam([*encoder.parameters(), *projector.parameters()], lr=4e-3)
for epoch in range(14):
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(100):
        views = torch.cat([augment(x_train[idx]), augment(x_train[idx])])
        loss = supcon(projector(encoder(views)), y_train[idx].repeat(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"contrastive epoch {epoch + 1:2d}  loss {total / len(x_train):.4f}")

encoder.requires_grad_(False).eval()
probe = nn.Linear(24, N_CLASSES)
mu, sd = encoder(x_train).mean(0), encoder(x_train).std(0) + 1e-4
probe_opt = torch.optim.SGD(probe.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
for epoch in range(8):
    for idx in torch.randperm(len(x_train)).split(50):
        with torch.no_grad():
            codes = (encoder(x_train[idx]) - mu) / sd
        loss = F.cross_entropy(probe(codes), y_train[idx])
        probe_opt.zero_grad()
        loss.backward()
        probe_opt.step()
    with torch.no_grad():
        out = probe((encoder(x_test) - mu) / sd)
        test_loss = F.cross_entropy(out, y_test).item()
        acc = (out.argmax(1) == y_test).float().mean().item()
    print(f"probe epoch {epoch + 1}  loss {loss.item():.4f}  test loss {test_loss:.4f}  test acc {acc:.4f}")
print(f"linear probe accuracy: {acc:.4f}")
