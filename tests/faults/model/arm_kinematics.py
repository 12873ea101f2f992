import math

import torch
import torch.nn as nn


def arm(n, gen):
    """Two-joint arm: joint angles and link lengths -> hand position."""
    q = (torch.rand(n, 3, generator=gen) - 0.5) * 2 * math.pi * 0.6
    a = 0.8 + 0.4 * torch.rand(n, 2, generator=gen)
    x = a[:, 0] * torch.cos(q[:, 0]) + a[:, 1] * torch.cos(q[:, 0] + q[:, 1]) + 0.5 * torch.cos(q.sum(1))
    y = a[:, 0] * torch.sin(q[:, 0]) + a[:, 1] * torch.sin(q[:, 0] + q[:, 1]) + 0.5 * torch.sin(q.sum(1))
    return torch.cat([q, a], 1), torch.stack([x, y], 1) + 0.03 * torch.randn(n, 2, generator=gen)


class ArmNet(nn.Module):
    def __init__(self, sizes=(5, 64, 64, 64, 2)):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes[:-1], sizes[1:]))
        self.reset()

    def reset(self):
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


class Trainer:
    def __init__(self, model, lr, epochs, batch_size):
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.9)

    def fit(self, x, y, x_dev, y_dev):
        for epoch in range(1, self.epochs + 1):
            self.model.train()
            perm = torch.randperm(len(x))
            total = 0.0
            for i in range(0, len(x), self.batch_size):
                rows = perm[i:i + self.batch_size]
                loss = nn.functional.mse_loss(self.model(x[rows]), y[rows])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(rows)
            self.schedule.step()
            if epoch % 5 == 0:
                print(f"epoch {epoch:3d} | train {total / len(x):.4f} | dev {self.score(x_dev, y_dev):.4f}")

    @torch.no_grad()
    def score(self, x, y):
        self.model.eval()
        return nn.functional.mse_loss(self.model(x), y).item()


gen = torch.Generator().manual_seed(1)
torch.manual_seed(1)
x, y = arm(3000, gen)
x_dev, y_dev = arm(800, gen)
mx, sx, my, sy = x.mean(0), x.std(0), y.mean(0), y.std(0)
x, x_dev, y, y_dev = (x - mx) / sx, (x_dev - mx) / sx, (y - my) / sy, (y_dev - my) / sy
trainer = Trainer(ArmNet(), lr=2e-3, epochs=25, batch_size=64)
trainer.fit(x, y, x_dev, y_dev)
print(f"dev MSE {trainer.score(x_dev, y_dev):.4f}")
