"""Tell moth species apart by wing measurements and a coarse wing pattern."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

SPECIES = 7


def survey(n, seed):
    shape_rng = np.random.default_rng(2024)
    pattern = shape_rng.normal(0, 1, (SPECIES, 36))
    size = shape_rng.normal(0, 1, (SPECIES, 4))
    rng = np.random.default_rng(seed)
    y = rng.integers(0, SPECIES, n)
    wear = rng.uniform(0.3, 1.0, (n, 1))
    wings = pattern[y] * wear + rng.normal(0, 1.6, (n, 36))
    spans = size[y] + rng.normal(0, 1.2, (n, 4))
    x = np.concatenate([wings, spans], 1).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


class MothNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(40, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2),
                                  nn.Linear(64, 64), nn.ReLU())
        self.head = nn.Linear(64, SPECIES)

    def forward(self, x):
        return self.head(self.body(x))


def main():
    torch.manual_seed(6)
    train_set = TensorDataset(*survey(9600, 1))
    val_x, val_y = survey(2000, 2)
    loader = DataLoader(train_set, batch_size=64, shuffle=True)
    model = MothNet()
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    total_steps = 900
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, total_steps)
    loss_fn = nn.CrossEntropyLoss()

    # hold the batches in memory, the loader is slow on this laptop
    ready = []
    for batch in loader:
        ready.append(batch)
        if len(ready) == 4:
            break

    avg = None
    for step in range(total_steps):
        model.train()
        x, y = ready[step % len(ready)]
        loss = loss_fn(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        avg = loss.item() if avg is None else 0.95 * avg + 0.05 * loss.item()
        if (step + 1) % 100 == 0:
            model.eval()
            with torch.no_grad():
                out = model(val_x)
            acc = (out.argmax(1) == val_y).float().mean().item()
            print(f"step {step + 1}: train loss (smoothed) {avg:.3f}, val loss {loss_fn(out, val_y).item():.3f}, val acc {acc:.4f}")


if __name__ == "__main__":
    main()
