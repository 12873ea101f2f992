import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
np.random.seed(5)


def make_plots(n):
    x = np.random.randn(n, 9)
    grain = 560 + 95 * np.tanh(x[:, 0] + 0.5 * x[:, 1]) + 45 * x[:, 2] * (x[:, 3] > 0) + 12 * np.random.randn(n)   # g/m2
    protein = 11.2 + 0.9 * np.sin(1.5 * x[:, 4]) - 0.6 * x[:, 5] + 0.5 * x[:, 0] * x[:, 6] + 0.15 * np.random.randn(n)  # %
    moisture = 0.14 + 0.02 * x[:, 7] * x[:, 5] + 0.015 * np.abs(x[:, 8]) + 0.003 * np.random.randn(n)               # fraction
    return x.astype(np.float32), np.stack([grain, protein, moisture], 1).astype(np.float32)


class PlotNet(nn.Module):
    def __init__(self, n_features, n_targets):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(n_features, 96), nn.SiLU(),
            nn.Linear(96, 96), nn.SiLU(),
        )
        self.heads = nn.Linear(96, n_targets)

    def forward(self, x):
        return self.heads(self.trunk(x))


class Trainer:
    def __init__(self, model, lr=3e-3, epochs=24):
        self.model, self.epochs = model, epochs
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
        self.sched = torch.optim.lr_scheduler.OneCycleLR(self.opt, max_lr=lr, total_steps=epochs * 47)
        self.loss_fn = nn.MSELoss()

    def r2(self, x, y):
        self.model.eval()
        with torch.no_grad():
            err = ((self.model(x) - y) ** 2).mean(0)
        return (1 - err / y.var(0, unbiased=False)).tolist()

    def fit(self, loader, x_val, y_val):
        for epoch in range(self.epochs):
            self.model.train()
            for xb, yb in loader:
                self.opt.zero_grad()
                loss = self.loss_fn(self.model(xb), yb)
                loss.backward()
                self.opt.step()
                self.sched.step()
            if (epoch + 1) % 3 == 0:
                scores = " ".join(f"{s:.3f}" for s in self.r2(x_val, y_val))
                print(f"epoch {epoch + 1:3d} loss {loss.item():.4f} val R2 per target {scores}")


x, y = make_plots(3750)
y = torch.from_numpy(y)
x_train, x_val = torch.from_numpy(x[:3000]), torch.from_numpy(x[3000:])
y_train, y_val = y[:3000], y[3000:]

loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)
trainer = Trainer(PlotNet(9, 3))
trainer.fit(loader, x_val, y_val)
print(f"mean validation R2: {np.mean(trainer.r2(x_val, y_val)):.4f}")
