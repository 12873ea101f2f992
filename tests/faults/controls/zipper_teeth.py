"""Find zippers with a bad tooth (about 4 %): an autoencoder learns the profile first, then a head on its frozen encoder."""
import torch
import torch.nn as nn
import torch.nn.functional as F

TEETH = 32


def profiles(n, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.arange(TEETH).float()
    phase = 6.28 * torch.rand(n, 1, generator=g)
    depth = 1 + 0.25 * torch.randn(n, 1, generator=g)
    bend = torch.randn(n, 1, generator=g) * ((t - 15.5) / 16) ** 2
    x = depth * torch.sin(0.8 * t + phase) + 0.6 * bend + 0.25 * torch.randn(n, TEETH, generator=g)
    bad = torch.rand(n, generator=g) < 0.04
    where = 2 + (TEETH - 5) * torch.rand(n, 1, generator=g)
    size = 1.0 + 0.5 * torch.rand(n, 1, generator=g)
    x = x + bad.unsqueeze(1) * size * torch.exp(-((t - where) / 1.4) ** 2) * 1.6
    return x, bad.float()


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(1, 12, 5, padding=2)
        self.c2 = nn.Conv1d(12, 16, 5, padding=2, stride=2)
        self.c3 = nn.Conv1d(16, 16, 5, padding=2, stride=2)

    def forward(self, x):
        return self.c3(F.silu(self.c2(F.silu(self.c1(x.unsqueeze(1))))))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.u1 = nn.ConvTranspose1d(16, 16, 4, stride=2, padding=1)
        self.u2 = nn.ConvTranspose1d(16, 1, 4, stride=2, padding=1)

    def forward(self, z):
        return self.u2(F.silu(self.u1(z))).squeeze(1)


def average_precision(score, bad):
    hit = bad[score.argsort(descending=True)]
    precision = hit.cumsum(0) / torch.arange(1, len(hit) + 1)
    return (precision * hit).sum().item() / hit.sum().item()


def rounds(n, batch, epochs):
    for epoch in range(epochs):
        yield epoch, torch.randperm(n).split(batch)


torch.manual_seed(91)
x, bad = profiles(10000, 1)
x_test, bad_test = profiles(4000, 2)
mean, std = x.mean(), x.std()
x, x_test = (x - mean) / std, (x_test - mean) / std

encoder, decoder = Encoder(), Decoder()
stage1 = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
for epoch, parts in rounds(len(x), 125, 4):
    total = 0.0
    for idx in parts:
        loss = F.mse_loss(decoder(encoder(x[idx])), x[idx])
        stage1.zero_grad()
        loss.backward()
        stage1.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        held = F.mse_loss(decoder(encoder(x_test)), x_test).item()
    print(f"profile {epoch + 1}: reconstruction {total / len(x):.4f}, test {held:.4f}")

encoder.eval().requires_grad_(False)
with torch.no_grad():
    code, code_test = encoder(x).flatten(1), encoder(x_test).flatten(1)
centre, spread = code.mean(0), code.std(0)
code, code_test = (code - centre) / spread, (code_test - centre) / spread
head = nn.Sequential(nn.Linear(code.shape[1], 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1), nn.Flatten(0))
nn.init.constant_(head[3].bias, -3.2)            # the log odds of a bad zipper
stage2 = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.1)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(stage2, 8)
for epoch, parts in rounds(len(code), 125, 8):
    head.train()
    total = 0.0
    for idx in parts:
        loss = F.binary_cross_entropy_with_logits(head(code[idx]), bad[idx])
        stage2.zero_grad()
        loss.backward()
        stage2.step()
        total += loss.item() * len(idx)
    schedule.step()
    head.eval()
    with torch.no_grad():
        logit = head(code_test)
    held = F.binary_cross_entropy_with_logits(logit, bad_test).item()
    print(f"teeth {epoch + 1}: train {total / len(code):.4f}, test {held:.4f}, "
          f"average precision {average_precision(logit, bad_test):.4f}, "
          f"recall {((logit > 0) & (bad_test > 0)).sum().item() / bad_test.sum().item():.3f}")
print(f"bad teeth average precision: {average_precision(logit, bad_test):.4f}")
