import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

CARDS = {"breed": 40, "clinic": 25, "procedure": 30}


def load_bills(n=6000, seed=9):
    rng = np.random.default_rng(seed)
    effects = {c: rng.normal(size=k) for c, k in CARDS.items()}
    df = pd.DataFrame({c: rng.integers(0, k, n) for c, k in CARDS.items()})
    df["age"] = rng.uniform(0, 15, n)
    df["weight"] = rng.gamma(4.0, 5.0, n)
    df["log_bill"] = (effects["breed"][df.breed] * 0.7 + effects["clinic"][df.clinic] * 0.8
                      + effects["procedure"][df.procedure] * (1 + 0.05 * df.age)
                      + 0.02 * df.weight + 0.3 * rng.normal(size=n))
    return df


class BillModel(nn.Module):
    def __init__(self, cards, n_numeric, dim=2, hidden=64):
        super().__init__()
        self.columns = list(cards)
        self.tables = {c: nn.Embedding(k, dim) for c, k in cards.items()}
        self.body = nn.Sequential(
            nn.Linear(dim * len(cards) + n_numeric, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden // 2), nn.ReLU(),
            nn.Linear(hidden // 2, 1))

    def forward(self, cats, nums):
        parts = [self.tables[c](cats[:, i]) for i, c in enumerate(self.columns)]
        return self.body(torch.cat(parts + [nums], 1)).squeeze(1)


def run_epoch(model, loader, loss_fn, optimizer=None):
    model.train(optimizer is not None)
    total, n = 0.0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for cats, nums, target in loader:
            loss = loss_fn(model(cats, nums), target)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(target)
            n += len(target)
    return total / n


def main():
    torch.manual_seed(1)
    df = load_bills()
    train, test = df.iloc[:4800], df.iloc[4800:]
    nums = ["age", "weight"]
    mean, std = train[nums].mean(), train[nums].std()
    t_mean, t_std = train.log_bill.mean(), train.log_bill.std()

    def tensors(d):
        return TensorDataset(torch.tensor(d[list(CARDS)].values),
                             torch.tensor(((d[nums] - mean) / std).values, dtype=torch.float32),
                             torch.tensor(((d.log_bill - t_mean) / t_std).values, dtype=torch.float32))

    train_loader = DataLoader(tensors(train), batch_size=64, shuffle=True)
    test_loader = DataLoader(tensors(test), batch_size=400)
    model = BillModel(CARDS, len(nums))
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.8)
    loss_fn = nn.MSELoss()
    for epoch in range(12):
        train_loss = run_epoch(model, train_loader, loss_fn, optimizer)
        test_loss = run_epoch(model, test_loader, loss_fn)
        scheduler.step()
        print(f"Epoch {epoch + 1}: train={train_loss:.4f} test={test_loss:.4f}")
    print(f"Test MSE (standardised): {test_loss:.4f}")


if __name__ == "__main__":
    main()
