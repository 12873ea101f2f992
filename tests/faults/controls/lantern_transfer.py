"""Learn shapes on the digits 0 to 5, keep the filters, and train only a head for 6 to 9."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(23)


def split(lo, hi, holdout):
    data = load_digits()
    keep = (data.target >= lo) & (data.target <= hi)
    x = torch.tensor(data.images[keep], dtype=torch.float32).unsqueeze(1) / 8 - 1
    y = torch.tensor(data.target[keep]) - lo
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
    x, y = x[order], y[order]
    return x[:-holdout], y[:-holdout], x[-holdout:], y[-holdout:]


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )

    def forward(self, x):
        return self.conv(x).flatten(1)


def fit(model, params, data, epochs, lr, warmup, tag):
    x, y, xv, yv = data
    opt = torch.optim.SGD(params, lr=lr, momentum=0.9, weight_decay=1e-4)
    steps = epochs * ((len(x) + 31) // 32)
    ramp = lambda s: min((s + 1) / warmup, max(0.02, 1 - s / steps))
    sched = torch.optim.lr_scheduler.LambdaLR(opt, ramp)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x)).split(32):
            loss = loss_fn(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item() * len(idx)
        with torch.no_grad():
            out = model(xv)
            acc = (out.argmax(1) == yv).float().mean().item()
        print(f"[{tag}] epoch {epoch + 1:2d} lr {sched.get_last_lr()[0]:.4f} loss {total / len(x):.4f} "
              f"val loss {loss_fn(out, yv).item():.4f} val acc {acc:.4f}")
    return acc


backbone = Backbone()
old = nn.Sequential(backbone, nn.Linear(48 * 16, 6))
fit(old, old.parameters(), split(0, 5, 200), epochs=6, lr=0.02, warmup=40, tag="base")

backbone.requires_grad_(False)
head = nn.Linear(48 * 16, 4)
model = nn.Sequential(backbone, head)
print("trainable", sum(p.numel() for p in model.parameters() if p.requires_grad), "of", sum(p.numel() for p in model.parameters()))
acc = fit(model, head.parameters(), split(6, 9, 200), epochs=20, lr=0.02, warmup=120, tag="head")
print(f"accuracy on 6-9: {acc:.4f}")
