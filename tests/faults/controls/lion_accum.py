import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2
from torch.utils.data import DataLoader, TensorDataset


class Lion(torch.optim.Optimizer):
    """Sign of an interpolated momentum (Chen et al., 2023)."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
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
                p.add_((b1 * m + (1 - b1) * p.grad).sign_(), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def load(seed):
    X, y = make_friedman2(n_samples=4000, noise=60.0, random_state=seed)
    X = torch.tensor(X, dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.float32)[:, None]
    X = (X - X[:3200].mean(0)) / X[:3200].std(0)
    y = (y - y[:3200].mean()) / y[:3200].std()
    return TensorDataset(X[:3200], y[:3200]), (X[3200:], y[3200:])


def main(micro_batch=16, accumulate=4, epochs=14, lr=1.5e-3):
    torch.manual_seed(80)
    train_set, (X_test, y_test) = load(80)
    loader = DataLoader(train_set, batch_size=micro_batch, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))
    optimizer = Lion(model.parameters(), lr=lr, weight_decay=0.02)
    total_steps = epochs * (len(loader) // accumulate)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=total_steps, power=1.0)
    mse = nn.MSELoss()
    for epoch in range(epochs):
        model.train()
        train_loss = 0.0
        for i, (x, y) in enumerate(loader):
            loss = mse(model(x), y)
            (loss / accumulate).backward()
            train_loss += loss.item()
            if (i + 1) % accumulate == 0:
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            test_loss = mse(model(X_test), y_test).item()
        print(f"epoch {epoch + 1:2d} train {train_loss / len(loader):.4f} test {test_loss:.4f}")
    print(f"test R2: {1 - test_loss / y_test.var().item():.4f}")


main()
