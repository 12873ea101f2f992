# Old ledgers write numerals in another ink: pretrain on plain digits, then fit a new head on the few ledger glyphs.
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits


def plain_and_ledger(seed=1):
    rng = np.random.default_rng(seed)
    d = load_digits()
    x, y = d.images.astype(np.float32) / 16.0, d.target
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    plain_x, plain_y = x[:1100], y[:1100]
    ledger_x = 0.85 * x[1100:] + 0.1 * rng.random(x[1100:].shape, dtype=np.float32)
    as_tensor = lambda a: torch.tensor((a - 0.3) / 0.37).flatten(1)
    # the ledgers' question: odd or even, small or large -> four kinds
    kind = (y[1100:] % 2) + 2 * (y[1100:] >= 5)
    return as_tensor(plain_x), torch.tensor(plain_y), as_tensor(ledger_x), torch.tensor(kind)


def trunk():
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())


def fit(model, x, y, params, epochs, lr, tag, held=None):
    opt = torch.optim.Adam(params, lr=lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(32):
            loss = loss_fn(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        sched.step()
        text = f"{tag} {epoch:2d}  loss {total / len(x):.4f}"
        if held is not None:
            text += f"  held-out {accuracy(model, *held):.4f}"
        if epoch % 4 == 0:
            print(text)


@torch.no_grad()
def accuracy(model, x, y):
    model.eval()
    return (model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(1)
px, py, lx, ly = plain_and_ledger()
base = trunk()
teacher = nn.Sequential(base, nn.Linear(64, 10))
fit(teacher, px, py, teacher.parameters(), epochs=20, lr=2e-3, tag="plain ")

for p in base.parameters():
    p.requires_grad = False
student = nn.Sequential(base, nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 4))
trainable = [p for p in student.parameters() if p.requires_grad]
print("frozen trunk,", sum(p.numel() for p in trainable), "weights to fit")
fit(student, lx[:450], ly[:450], trainable, epochs=40, lr=2e-3, tag="ledger", held=(lx[450:], ly[450:]))
print(f"ledger accuracy: {accuracy(student, lx[450:], ly[450:]):.4f}")
