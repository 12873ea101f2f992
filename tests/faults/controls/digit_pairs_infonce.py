import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


def augment(x):
    """Random shift by one pixel, brightness, noise."""
    shifts = torch.randint(-1, 2, (2,)).tolist()
    x = torch.roll(x, shifts, dims=(2, 3))
    gain = 0.8 + 0.4 * torch.rand(x.size(0), 1, 1, 1)
    return x * gain + 0.25 * torch.randn_like(x)


class Encoder(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(),
            nn.Linear(32 * 16, dim),
        )
        self.projector = nn.Sequential(nn.ReLU(), nn.Linear(dim, 24))

    def forward(self, x):
        return F.normalize(self.projector(self.features(x)), dim=1)


def info_nce(z1, z2, temperature=0.2):
    logits = z1 @ z2.T / temperature
    labels = torch.arange(z1.size(0))
    return 0.5 * (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels))


def pretrain(encoder, images, epochs=26, batch=128):
    opt = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        encoder.train()
        total, n = 0.0, 0
        perm = torch.randperm(len(images))
        for idx in perm[: len(perm) // batch * batch].split(batch):
            loss = info_nce(encoder(augment(images[idx])), encoder(augment(images[idx])))
            opt.zero_grad()
            loss.backward()
            opt.step()
            total, n = total + loss.item(), n + 1
        sched.step()
        print(f"pretrain {epoch + 1:2d}: contrastive loss {total / n:.4f}")


def linear_probe(encoder, train_x, train_y, test_x, test_y):
    encoder.eval()
    with torch.no_grad():
        train_h, test_h = encoder.features(train_x), encoder.features(test_x)
    mu, sd = train_h.mean(0), train_h.std(0)
    train_h, test_h = (train_h - mu) / sd, (test_h - mu) / sd
    probe = nn.Linear(train_h.size(1), 10)
    opt = torch.optim.Adam(probe.parameters(), lr=5e-3)
    for epoch in range(15):
        for idx in torch.randperm(len(train_h)).split(64):
            loss = F.cross_entropy(probe(train_h[idx]), train_y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
    with torch.no_grad():
        out = probe(test_h)
    print(f"probe loss {F.cross_entropy(out, test_y).item():.4f}")
    return (out.argmax(1) == test_y).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(55)
    data = load_digits()
    x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1)
    y = torch.tensor(data.target)
    perm = torch.randperm(len(x))
    x, y = x[perm], y[perm]
    x = (x - x[:1300].mean()) / x[:1300].std()
    encoder = Encoder()
    pretrain(encoder, x[:1300])
    acc = linear_probe(encoder, x[:1300], y[:1300], x[1300:], y[1300:])
    print(f"linear probe accuracy {acc:.4f}")
