import argparse
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2
from torch.utils.data import DataLoader, TensorDataset


class RipeningNet(nn.Module):
    def __init__(self, n_in, sizes=(32, 32)):
        super().__init__()
        dims = [n_in, *sizes]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:]))
        self.out = nn.Linear(dims[-1], 1)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.constant_(m.weight, 0.02)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.out(x).flatten()


def get_data(seed):
    X, y = make_friedman2(n_samples=3000, noise=20.0, random_state=seed)
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    n = 2400
    X = (X - X[:n].mean(0)) / X[:n].std(0)
    y = (y - y[:n].mean()) / y[:n].std()
    return TensorDataset(X[:n], y[:n]), TensorDataset(X[n:], y[n:])


def main():
    ap = argparse.ArgumentParser(description="ripening index of cheese from four cellar measurements")
    ap.add_argument("--lr", type=float, default=4e-3)
    ap.add_argument("--epochs", type=int, default=30)
    ap.add_argument("--seed", type=int, default=9)
    opt = ap.parse_args()
    torch.manual_seed(opt.seed)
    train_set, test_set = get_data(opt.seed)
    loader = DataLoader(train_set, batch_size=48, shuffle=True)
    model = RipeningNet(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=opt.lr)
    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.93)
    huber = nn.SmoothL1Loss()
    for epoch in range(opt.epochs):
        model.train()
        running, count = 0.0, 0
        for xb, yb in loader:
            loss = huber(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running, count = running + loss.item() * len(yb), count + len(yb)
        decay.step()
        model.eval()
        with torch.no_grad():
            xt, yt = test_set.tensors
            pred = model(xt)
            test_loss = huber(pred, yt).item()
            r2 = 1 - ((pred - yt) ** 2).sum() / ((yt - yt.mean()) ** 2).sum()
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1} | train {running / count:.4f} | test {test_loss:.4f} | R2 {r2:.4f}")
    print(f"R2 on the test set: {r2:.4f}")


if __name__ == "__main__":
    main()
