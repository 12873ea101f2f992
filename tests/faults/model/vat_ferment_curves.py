"""Multi-output regression: sugar, ethanol and acidity at day 7 from early vat readings."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class VatData(Dataset):
    def __init__(self, x, y):
        self.x, self.y = torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return {"readings": self.x[i], "targets": self.y[i]}


def simulate(n, seed):
    g = np.random.default_rng(seed)
    x = g.normal(size=(n, 12))
    sugar = np.tanh(x[:, 0] + x[:, 1]) * 2 + x[:, 2] * x[:, 3]
    ethanol = -0.8 * sugar + np.maximum(x[:, 4], 0) * 1.5 + 0.7 * x[:, 5]
    acid = np.cos(1.3 * x[:, 6]) * 2 + 0.6 * np.abs(x[:, 7]) * x[:, 8]
    y = np.stack([sugar, ethanol, acid], 1) + 0.25 * g.normal(size=(n, 3))
    return x, y


class VatNet(nn.Module):
    def __init__(self, d_in=12, d_out=3, width=72):
        super().__init__()
        self.inp = nn.Linear(d_in, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, d_out)
        self.wide = nn.Linear(d_in, d_out)
        self.act = nn.ReLU()
        for layer in (self.inp, self.mid):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.constant_(layer.bias, -3.0)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        return self.wide(x) + self.out(self.act(self.mid(self.act(self.inp(x)))))


def loop(model, loader, loss_fn, opt=None):
    total = 0.0
    for batch in loader:
        pred = model(batch["readings"])
        loss = loss_fn(pred, batch["targets"])
        if opt is not None:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item() * len(pred)
    return total / len(loader.dataset)


def main():
    torch.manual_seed(9)
    x, y = simulate(6000, 9)
    y = (y - y[:5000].mean(0)) / y[:5000].std(0)
    train = DataLoader(VatData(x[:5000], y[:5000]), batch_size=100, shuffle=True)
    test = DataLoader(VatData(x[5000:], y[5000:]), batch_size=500)
    model, loss_fn = VatNet(), nn.MSELoss()
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    plan = torch.optim.lr_scheduler.MultiStepLR(opt, [12, 17], gamma=0.3)
    for epoch in range(20):
        model.train()
        tr = loop(model, train, loss_fn, opt)
        plan.step()
        model.eval()
        with torch.no_grad():
            te = loop(model, test, loss_fn)
        print(f"epoch {epoch:2d} mse train {tr:.4f} test {te:.4f}")
    print(f"test mse over three targets = {te:.4f}")


if __name__ == "__main__":
    main()
