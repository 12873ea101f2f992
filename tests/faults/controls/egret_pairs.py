"""Do two photos show the same egret?  One encoder looks at both, contrastive loss with a margin."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Colony:
    """Each bird has a hidden plumage code; a photo is a fixed non-linear view of it plus noise."""

    def __init__(self, rng, photo=30, code=5):
        self.rng = rng
        self.a = rng.normal(0, 0.8, (code + 3, 40))
        self.b = rng.normal(0, 0.3, (40, photo))
        self.code = code

    def photo(self, birds):
        pose = self.rng.normal(0, 0.7, (len(birds), 3))
        view = np.tanh(np.hstack([birds, pose]) @ self.a) @ self.b
        return torch.tensor(view + self.rng.normal(0, 0.15, view.shape), dtype=torch.float32)

    def pairs(self, n):
        left = self.rng.normal(0, 1, (n, self.code))
        same = self.rng.random(n) < 0.5
        right = np.where(same[:, None], left, self.rng.normal(0, 1, (n, self.code)))
        return self.photo(left), self.photo(right), torch.tensor(same, dtype=torch.float32)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 8))

    def forward(self, x):
        return self.net(x)


def contrastive(d, same, margin=1.0):
    return (same * d ** 2 + (1 - same) * F.relu(margin - d) ** 2).mean()


def evaluate(encoder, left, right, same):
    encoder.eval()
    with torch.no_grad():
        d = F.pairwise_distance(encoder(left), encoder(right))
    return contrastive(d, same).item(), ((d < 0.5) == (same > 0.5)).float().mean().item()


def main():
    torch.manual_seed(70)
    colony = Colony(np.random.default_rng(70))
    left, right, same = colony.pairs(6000)
    test = colony.pairs(1200)
    encoder = Encoder()
    opt = torch.optim.AdamW(encoder.parameters(), lr=4e-3, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
    for epoch in range(10):
        encoder.train()
        total = 0.0
        for rows in torch.randperm(len(same)).split(64):
            d = F.pairwise_distance(encoder(left[rows]), encoder(right[rows]))
            loss = contrastive(d, same[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(rows)
        sched.step()
        test_loss, acc = evaluate(encoder, *test)
        print(f"epoch {epoch + 1:2d}  train {total / len(same):.4f}  test {test_loss:.4f}  pairs right {acc:.3f}")
    print(f"test pairs judged right: {acc:.4f}")


main()
