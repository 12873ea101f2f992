"""Six kinds of dolphin signature whistle, from the frequency contour (32 frames x 4 bands)."""
import math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def contours(n, seed):
    g = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, 6, (n,), generator=g)
    t = torch.linspace(0, 1, 32)
    start = 0.25 * torch.rand(n, 1, generator=g)
    u = (t - start).clamp(0, 0.75) / 0.75
    shapes = torch.stack([u, 1 - u, torch.sin(math.pi * u), 1 - torch.sin(math.pi * u),
                          0.5 + 0.5 * torch.sin(4 * math.pi * u), 0.5 + 0.5 * torch.sin(2 * math.pi * u)], 0)
    f = shapes[kind, torch.arange(n)] + 0.15 * torch.randn(n, 1, generator=g)
    centres = torch.tensor([0.0, 0.33, 0.66, 1.0])
    bands = torch.exp(-((f[:, :, None] - centres) / 0.25) ** 2)
    bands = bands + 0.3 * torch.randn(bands.shape, generator=g)
    return (bands - bands.mean((0, 1))) / bands.std((0, 1)), kind


class FrameAttention(nn.Module):
    def __init__(self, d=48, kinds=6):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(4 * 5, d), nn.GELU())
        self.place = nn.Parameter(0.3 * torch.randn(32, d))
        self.key = nn.Linear(d, 4)
        self.value = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, d), nn.GELU())
        self.out = nn.Linear(4 * d, kinds)

    def forward(self, x):
        padded = nn.functional.pad(x, (0, 0, 2, 2))
        near = padded.unfold(1, 5, 1).flatten(2)             # five neighbouring frames
        h = self.frame(near) + self.place
        w = self.key(h).softmax(dim=1)
        pooled = torch.einsum("bth,btd->bhd", w, self.value(h)) * 2.0
        return self.out(pooled.flatten(1))


class Experiment:
    device = "cpu"

    def __init__(self, model, lr, steps):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, steps)
        self.scaler = torch.amp.GradScaler(self.device, init_scale=2.0 ** 8)
        self.ce = nn.CrossEntropyLoss()

    def forward_loss(self, x, y):
        with torch.autocast(self.device, dtype=torch.float16, enabled=self.device == "cuda"):
            logits = self.model(x)
        return self.ce(logits.float(), y), logits

    def update(self, loss):
        self.opt.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        norm = self.clip()
        self.scaler.unscale_(self.opt)
        self.scaler.step(self.opt)
        self.scaler.update()
        self.sched.step()
        return norm

    def clip(self, limit=2.0):
        return nn.utils.clip_grad_norm_(self.model.parameters(), limit).item()

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        hits = [(self.forward_loss(x, y)[1].argmax(-1) == y).float().mean() for x, y in loader]
        self.model.train()
        return torch.stack(hits).mean().item()


def main():
    torch.manual_seed(33)
    x, y = contours(2600, 33)
    train = DataLoader(TensorDataset(x[:2200], y[:2200]), batch_size=40, shuffle=True, drop_last=True)
    test = DataLoader(TensorDataset(x[2200:], y[2200:]), batch_size=200)
    epochs = 8
    exp = Experiment(FrameAttention(), lr=0.05, steps=epochs * len(train))
    n = 0
    for _ in range(epochs):
        for xb, yb in train:
            loss, _ = exp.forward_loss(xb, yb)
            exp.update(loss)
            n += 1
            if n % 80 == 0:
                print(f"iter {n}: train ce {loss.item():.3f}, test acc {exp.accuracy(test):.3f}")
    print(f"whistles named correctly: {exp.accuracy(test):.4f}")


if __name__ == "__main__":
    main()
