"""Match two hydrophones' views of the same whistle (contrastive, one encoder for both)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class WhistleEncoder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 16, 7, stride=2, padding=3), nn.GroupNorm(4, 16), nn.GELU(),
            nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.GroupNorm(4, 32), nn.GELU(),
            nn.Flatten(), nn.Linear(32 * 12, dim),
        )

    def forward(self, contour):
        return F.normalize(self.layers(contour), dim=1)


class Pool:
    """Whistle contours made of three bumps; a hydrophone shifts, tilts and blurs what it hears."""

    def __init__(self, count, seed):
        self.g = torch.Generator().manual_seed(seed)
        t = torch.linspace(0, 1, 48)
        place = torch.rand(count, 3, 1, generator=self.g)
        height = torch.randn(count, 3, 1, generator=self.g)
        width = 0.06 + 0.12 * torch.rand(count, 3, 1, generator=self.g)
        self.contours = (height * torch.exp(-0.5 * ((t - place) / width) ** 2)).sum(1)

    def heard(self, rows):
        c = self.contours[rows]
        tilt = 0.3 * torch.randn(len(rows), 1, generator=self.g) * torch.linspace(-1, 1, 48)
        level = 0.3 * torch.randn(len(rows), 1, generator=self.g)
        gain = 0.8 + 0.4 * torch.rand(len(rows), 1, generator=self.g)
        return (gain * c + tilt + level + 0.15 * torch.randn(c.shape, generator=self.g)).unsqueeze(1)


def nt_loss(one, two, log_scale):
    logits = one @ two.T * log_scale.exp()
    truth = torch.arange(len(one))
    return (F.cross_entropy(logits, truth) + F.cross_entropy(logits.T, truth)) / 2


def main():
    torch.manual_seed(90)
    pool, others = Pool(4000, seed=900), Pool(500, seed=901)
    left, right = others.heard(torch.arange(500)), others.heard(torch.arange(500))
    encoder = WhistleEncoder()
    log_scale = nn.Parameter(torch.tensor(math.log(10.0)))
    steps, batch = 360, 128
    body = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=0.01)
    temperature = torch.optim.SGD([log_scale], lr=0.05)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(body, steps)
    recent = []
    for step in range(1, steps + 1):
        encoder.train()
        rows = torch.randint(0, 4000, (batch * 2,), generator=pool.g).unique()[:batch]
        loss = nt_loss(encoder(pool.heard(rows)), encoder(pool.heard(rows)), log_scale)
        body.zero_grad()
        temperature.zero_grad()
        loss.backward()
        body.step()
        temperature.step()
        cosine.step()
        with torch.no_grad():
            log_scale.clamp_(max=math.log(50.0))
        recent.append(loss.item())
        if step % 40 == 0:
            encoder.eval()
            with torch.no_grad():
                a, b = encoder(left), encoder(right)
                held = nt_loss(a[:128], b[:128], log_scale).item()
                top = ((a @ b.T).argmax(1) == torch.arange(500)).float().mean().item()
            print(f"step {step:3d}  loss {sum(recent) / len(recent):.4f}  unheard {held:.4f}  "
                  f"scale {log_scale.exp().item():.1f}  top-1 of 500 {top:.3f}")
            recent = []
    print(f"retrieval: {top:.4f}")


if __name__ == "__main__":
    main()
