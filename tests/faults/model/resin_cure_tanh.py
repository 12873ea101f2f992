import numpy as np
import torch
import torch.nn as nn


class CureModel(nn.Module):
    def __init__(self, n_in, width=80, depth=3):
        super().__init__()
        layers, last = [], n_in
        for _ in range(depth):
            layers += [nn.Linear(last, width), nn.Tanh()]
            last = width
        layers.append(nn.Linear(last, 1))
        self.net = nn.Sequential(*layers)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=0.35)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.net(x).squeeze(-1)


def cure_data(n, rng):
    x = rng.uniform(-1, 1, (n, 6)) * np.sqrt(3)
    rate = np.exp(0.6 * x[:, 0]) * (1 + 0.4 * x[:, 1])
    y = np.tanh(rate - 1) + 0.5 * x[:, 2] * x[:, 3] + 0.3 * x[:, 4] ** 2
    y = y + 0.08 * rng.normal(size=n)
    return x.astype(np.float32), y.astype(np.float32)


def train(model, data, val, epochs, lr, batch_size=64):
    x, y = data
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, epochs=epochs,
                                                    steps_per_epoch=-(-len(x) // batch_size))
    mse = nn.MSELoss()
    for epoch in range(epochs):
        order = torch.randperm(len(x))
        tot = 0.0
        for i in range(0, len(x), batch_size):
            b = order[i:i + batch_size]
            loss = mse(model(x[b]), y[b])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            tot += loss.item() * len(b)
        with torch.no_grad():
            v = mse(model(val[0]), val[1]).item()
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1:3d}  train {tot / len(x):.4f}  val {v:.4f}")
    return v


rng = np.random.default_rng(14)
torch.manual_seed(14)
x, y = cure_data(2600, rng)
y = (y - y[:2000].mean()) / y[:2000].std()
x, y = torch.from_numpy(x), torch.from_numpy(y)
model = CureModel(6)
v = train(model, (x[:2000], y[:2000]), (x[2000:], y[2000:]), epochs=40, lr=3e-3)
print(f"validation R2 {1 - v / y[2000:].var().item():.4f}")
