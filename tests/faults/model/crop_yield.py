import argparse
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader, random_split
from sklearn.datasets import make_friedman2


def get_data(n):
    X, y = make_friedman2(n_samples=n, noise=25.0, random_state=17)
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)
    k = int(0.8 * n)
    X = (X - X[:k].mean(0)) / X[:k].std(0)
    y = (y - y[:k].mean()) / y[:k].std()
    return TensorDataset(X[:k], y[:k]), TensorDataset(X[k:], y[k:])


class YieldMLP(nn.Module):
    def __init__(self, n_in, hidden, p):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, hidden), nn.LeakyReLU(0.1), nn.Dropout(p),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.1), nn.Dropout(p),
            nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x)


def run_epoch(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    total, count = 0.0, 0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            loss = loss_fn(model(x), y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(x)
            count += len(x)
    return total / count


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description="yield per hectare from field measurements")
    ap.add_argument("--hidden", type=int, default=48)
    ap.add_argument("--dropout", type=float, default=0.8)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--epochs", type=int, default=40)
    opts = ap.parse_args()
    torch.manual_seed(0)
    train_set, test_set = get_data(2000)
    train_dl = DataLoader(train_set, batch_size=32, shuffle=True)
    test_dl = DataLoader(test_set, batch_size=256)
    model = YieldMLP(4, opts.hidden, opts.dropout)
    opt = torch.optim.AdamW(model.parameters(), lr=opts.lr)
    sched = torch.optim.lr_scheduler.StepLR(opt, 15, 0.3)
    huber = nn.SmoothL1Loss()
    for epoch in range(opts.epochs):
        tr = run_epoch(model, train_dl, huber, opt)
        sched.step()
        te = run_epoch(model, test_dl, huber)
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1:3d}  train huber {tr:.4f}  test huber {te:.4f}")
    rmse = run_epoch(model, test_dl, nn.MSELoss()) ** 0.5
    print(f"test rmse {rmse:.4f}")
