import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Lion(torch.optim.Optimizer):
    """Evolved sign momentum (Chen et al. 2023)."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"] = torch.zeros_like(p)
                m = state["m"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(b1 * m + (1 - b1) * p.grad), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def formants(n, rng):
    """Eight vowels, each a cloud of formants per speaker group; 10 features."""
    centres = rng.normal(0, 1.1, (8, 2, 10))
    vowel, group = rng.integers(0, 8, n), rng.integers(0, 2, n)
    x = centres[vowel, group] + rng.normal(0, 0.8, (n, 10))
    return x, vowel


def evaluate(model, loader, criterion):
    model.eval()
    loss, hits, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, hits / n


def main(epochs=12, accumulate=4):
    torch.manual_seed(66)
    x, y = formants(7000, np.random.default_rng(66))
    x = (x - x[:6000].mean(0)) / x[:6000].std(0)
    x, y = torch.tensor(x).float(), torch.tensor(y)
    train_loader = DataLoader(TensorDataset(x[:6000], y[:6000]), batch_size=15, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[6000:], y[6000:]), batch_size=500)
    model = nn.Sequential(nn.Linear(10, 32), nn.GELU(), nn.Linear(32, 24), nn.GELU(), nn.Linear(24, 8))
    criterion = nn.CrossEntropyLoss()
    optimizer = Lion(model.parameters(), lr=1e-3, weight_decay=0.3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=epochs)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        optimizer.zero_grad()
        for step, (xb, yb) in enumerate(train_loader, 1):
            loss = criterion(model(xb), yb) / accumulate
            loss.backward()
            running += loss.item() * accumulate
            if step % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad()
        scheduler.step()
        te_loss, te_acc = evaluate(model, test_loader, criterion)
        print(f"epoch {epoch + 1:2d} train {running / len(train_loader):.4f} test {te_loss:.4f} acc {te_acc:.4f}")
    print(f"vowel accuracy: {te_acc:.4f}")


if __name__ == "__main__":
    main()
