import math

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score
from torch.utils.data import DataLoader, TensorDataset


def weld_signals(n, seed, length=48, defect_rate=0.2):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < defect_rate
    t = np.linspace(0, 1, length)
    x = np.sin(2 * np.pi * (2 * t[None] + rng.random((n, 1)))) * rng.uniform(0.7, 1.3, (n, 1))
    x += rng.normal(0, 0.35, (n, length))
    for i in range(n):
        s = rng.integers(0, length - 8)
        x[i, s:s + 8] += np.hanning(8) * (1.3 if y[i] else -1.3)
    return x, y.astype("float32")


class WeldNet(nn.Module):
    def __init__(self, prior=0.05):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 5, padding=2), nn.ReLU(), nn.AdaptiveMaxPool1d(4), nn.Flatten())
        self.hidden = nn.Linear(96, 32)
        self.score = nn.Linear(32 + 3, 1)
        self._init_weights(prior)

    def _init_weights(self, prior):
        bias = -math.log((1 - prior) / prior)
        for m in self.modules():
            if isinstance(m, (nn.Conv1d, nn.Linear)):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.constant_(m.bias, bias)

    def forward(self, x):
        deep = torch.relu(self.hidden(self.features(x)))
        wide = torch.cat([x.mean(2), x.std(2), x.amax(2)], dim=1)
        return self.score(torch.cat([deep, wide], dim=1)).squeeze(1)


def fit(model, loader, x_val, y_val, epochs):
    opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            opt.zero_grad(set_to_none=True)
            loss = bce(model(x), y)
            loss.backward()
            opt.step()
        sched.step()
        model.eval()
        with torch.no_grad():
            out = torch.cat([model(c) for c in x_val.split(400)])
        ap = average_precision_score(y_val.numpy(), out.numpy())
        print(f"epoch {epoch:02d}  train {loss.item():.4f}  val {bce(out, y_val).item():.4f}  AP {ap:.4f}")
    return ap


def main():
    torch.manual_seed(14)
    x, y = weld_signals(4000, seed=140)
    xv, yv = weld_signals(1200, seed=141)
    m, s = x.mean(), x.std()
    to_x = lambda a: torch.tensor((a - m) / s, dtype=torch.float32).unsqueeze(1)
    loader = DataLoader(TensorDataset(to_x(x), torch.from_numpy(y)), batch_size=64, shuffle=True)
    ap = fit(WeldNet(), loader, to_x(xv), torch.from_numpy(yv), epochs=10)
    print(f"average precision: {ap:.4f}")


if __name__ == "__main__":
    main()
