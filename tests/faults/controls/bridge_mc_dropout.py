"""Bridge deflection with uncertainty: thirty stochastic passes through the dropout layers at test time."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

cfg = {"epochs": 20, "batch": 50, "lr": 4e-3, "p": 0.1, "passes": 30}


def loads(n, rng):
    X = rng.uniform(-1.7, 1.7, size=(n, 4))
    y = np.sin(2 * X[:, 0]) + 0.6 * X[:, 1] ** 2 - 0.7 * X[:, 2] + 0.3 * X[:, 3] * X[:, 0] + 0.3 * rng.normal(size=n)
    return X, y


class Deflection(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p
        self.l1, self.l2, self.l3 = nn.Linear(4, 100), nn.Linear(100, 100), nn.Linear(100, 1)

    def forward(self, x):
        x = F.dropout(F.relu(self.l1(x)), self.p, training=True)
        x = F.dropout(F.relu(self.l2(x)), self.p, training=True)
        return self.l3(x).squeeze(-1)


def predict(model, X, passes):
    model.eval()
    with torch.no_grad():
        draws = torch.stack([model(X) for _ in range(passes)])
    return draws.mean(0), draws.std(0)


def main():
    torch.manual_seed(23)
    rng = np.random.default_rng(23)
    X, y = loads(4000, rng)
    X = (X - X[:3200].mean(0)) / X[:3200].std(0)
    y = (y - y[:3200].mean()) / y[:3200].std()
    X, y = torch.tensor(X).float(), torch.tensor(y).float()
    model = Deflection(cfg["p"])
    opt = torch.optim.Adam(model.parameters(), lr=cfg["lr"])
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg["epochs"])
    for epoch in range(cfg["epochs"]):
        model.train()
        losses = []
        for idx in torch.randperm(3200).split(cfg["batch"]):
            loss = F.mse_loss(model(X[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        mean, std = predict(model, X[3200:], cfg["passes"])
        test = F.mse_loss(mean, y[3200:]).item()
        print(f"epoch {epoch:2d} train {np.mean(losses):.4f} test (mean of passes) {test:.4f} spread {std.mean():.3f}")
    print(f"test MSE of the averaged prediction: {test:.4f}")


if __name__ == "__main__":
    main()
