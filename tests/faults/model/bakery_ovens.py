"""Sort loaves by the oven that baked them, from twelve crust and crumb measurements."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

OVENS = 7


def loaves(n, rng, shape_rng):
    centres = shape_rng.normal(0, 1.1, (OVENS, 2, 6))
    twist = shape_rng.normal(0, 0.5, (6, 12))
    oven, shelf = rng.integers(0, OVENS, n), rng.integers(0, 2, n)
    hidden = centres[oven, shelf] + rng.normal(0, 0.6, (n, 6))
    x = np.tanh(hidden @ twist) + 0.25 * rng.normal(0, 1, (n, 12))
    return x.astype(np.float32), oven


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, mean=0.0, std=1.0)
        nn.init.zeros_(m.bias)


class OvenNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(12, 64), nn.ReLU(),
            nn.Linear(64, 64), nn.ReLU(),
            nn.Linear(64, OVENS),
        )
        self.apply(init_weights)

    def forward(self, x):
        return self.layers(x)


@torch.no_grad()
def check(model, loader, loss_fn):
    model.eval()
    loss = right = total = 0
    for x, y in loader:
        out = model(x)
        loss += loss_fn(out, y).item() * len(y)
        right += (out.argmax(1) == y).sum().item()
        total += len(y)
    return loss / total, right / total


def main():
    torch.manual_seed(17)
    rng, shape_rng = np.random.default_rng(17), np.random.default_rng(1)
    x, y = loaves(4500, rng, shape_rng)
    x = (x - x[:3600].mean(0)) / x[:3600].std(0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    train_loader = DataLoader(TensorDataset(x[:3600], y[:3600]), batch_size=64, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[3600:], y[3600:]), batch_size=300)

    model = OvenNet()
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=14)
    for epoch in range(14):
        model.train()
        total = 0.0
        for xb, yb in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(yb)
        scheduler.step()
        test_loss, test_acc = check(model, test_loader, loss_fn)
        print(f"Epoch {epoch + 1}/14 - loss: {total / 3600:.4f} - test_loss: {test_loss:.4f} - test_acc: {test_acc:.4f}")
    print(f"ovens told apart: {test_acc:.4f}")


if __name__ == "__main__":
    main()
