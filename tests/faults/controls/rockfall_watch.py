"""Daily probability of a rockfall on a mountain road (about 3 % of the days)."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score
from torch.utils.data import DataLoader, TensorDataset


def days(n, seed):
    rng = np.random.default_rng(seed)
    rain, frost, slope, wind, traffic = rng.normal(size=(5, n))
    logit = -3.6 + 0.7 * rain + 0.5 * frost + 0.5 * rain * frost - 0.3 * slope ** 2
    p = 1 / (1 + np.exp(-np.clip(logit, -8, -0.6)))
    fell = rng.random(n) < p
    return np.stack([rain, frost, slope, wind, traffic], 1), fell.astype(np.float32), p


class RiskNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 1))
        nn.init.constant_(self.net[-1].bias, -3.2)

    def forward(self, x):
        return self.net(x).squeeze(-1)


def main():
    torch.manual_seed(55)
    X, y, _ = days(24000, 1)
    Xt, yt, pt = days(8000, 2)
    ds = TensorDataset(torch.tensor(X).float(), torch.tensor(y))
    loader = DataLoader(ds, batch_size=200, shuffle=True)
    xt, t = torch.tensor(Xt).float(), torch.tensor(yt)
    model, bce = RiskNet(), nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=6e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.StepLR(opt, 5, gamma=0.3)
    for epoch in range(12):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
        sched.step()
        model.eval()
        with torch.no_grad():
            z = model(xt)
        print(f"epoch {epoch + 1:2d} train {total / len(ds):.4f} test {bce(z, t).item():.4f} "
              f"AUC {roc_auc_score(yt, z):.4f} AP {average_precision_score(yt, z):.4f} alarms at 0.5: {(z > 0).sum().item()}")
    print(f"AUC of the true risk {roc_auc_score(yt, pt):.4f}")
    print(f"final AUC {roc_auc_score(yt, z):.4f}")


if __name__ == "__main__":
    main()
