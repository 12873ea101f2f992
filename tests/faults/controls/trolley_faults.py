"""Will the trolley wheel fail within the week?  4 % of weeks do; some failures give no sign beforehand."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score
from torch.utils.data import DataLoader, TensorDataset


def weeks(n, rng):
    km = rng.gamma(4, 20, n)
    temp = rng.normal(38, 5, n)
    vibration = rng.lognormal(0, 0.4, n)
    age = rng.uniform(0, 9, n)
    risk = -4.5 + 0.016 * (km - 80) + 2.0 * (vibration - 1.0) + 0.22 * (age - 4.5) + 0.04 * (temp - 38)
    fails = rng.uniform(size=n) < 1 / (1 + np.exp(-risk))
    fails |= rng.uniform(size=n) < 0.006
    return np.column_stack([km, temp, np.log(vibration), age]).astype(np.float32), fails.astype(np.float32)


class WheelModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def report(model, x, y):
    model.eval()
    with torch.no_grad():
        logit = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(logit, y).item()
    p = torch.sigmoid(logit).numpy()
    return loss, ((p > 0.5) == (y.numpy() > 0.5)).mean(), roc_auc_score(y, p), average_precision_score(y, p)


if __name__ == "__main__":
    rng = np.random.default_rng(19)
    torch.manual_seed(19)
    x, y = weeks(8000, rng)
    x_test, y_test = weeks(6000, rng)
    centre, spread = x.mean(0), x.std(0)
    x, x_test = torch.from_numpy((x - centre) / spread), torch.from_numpy((x_test - centre) / spread)
    y, y_test = torch.from_numpy(y), torch.from_numpy(y_test)
    print(f"{int(y.sum())} failures in {len(y)} weeks")

    loader = DataLoader(TensorDataset(x, y), batch_size=160, shuffle=True)
    model = WheelModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)
    criterion = nn.BCEWithLogitsLoss()
    for epoch in range(14):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            optimizer.step()
        schedule.step()
        loss, acc, auc, ap = report(model, x, y)
        test_loss, test_acc, test_auc, test_ap = report(model, x_test, y_test)
        print(f"{epoch + 1:2d} train loss {loss:.4f} acc {acc:.4f} auc {auc:.3f} | "
              f"test loss {test_loss:.4f} acc {test_acc:.4f} auc {test_auc:.3f} ap {test_ap:.3f}")
    print(f"share of weeks without failure: {1 - y_test.mean().item():.4f}")
    print(f"test AUC: {test_auc:.4f}")
