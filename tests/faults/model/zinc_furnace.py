# Which of six faults does the zinc furnace have? 10 process readings, small tanh network
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(9)
torch.manual_seed(9)
FAULTS, READINGS = 6, 10

signatures = rng.normal(0, 1.0, (FAULTS, READINGS))
coupling = np.eye(READINGS) + 0.3 * rng.normal(0, 1, (READINGS, READINGS))


def shifts(n):
    fault = rng.integers(0, FAULTS, n)
    severity = rng.uniform(0.7, 1.8, (n, 1))
    x = severity * signatures[fault] + rng.normal(0, 0.6, (n, READINGS))
    x = x @ coupling
    x[:, 0] = 1180 + 22 * x[:, 0]        # bath temperature
    x[:, 1] = 3.1 + 0.4 * x[:, 1]        # lead content
    x[:, 2] = 55 + 9 * x[:, 2]           # draught
    return x, fault


class FurnaceNet(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.a = nn.Linear(READINGS, hidden)
        self.b = nn.Linear(hidden, hidden)
        self.c = nn.Linear(hidden, FAULTS)
        self.apply(self.reset)

    @staticmethod
    def reset(module):
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.05)
            nn.init.zeros_(module.bias)

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = torch.tanh(self.b(x))
        return self.c(x)


x_train, y_train = shifts(2500)
x_test, y_test = shifts(600)
mu, sd = x_train.mean(0), x_train.std(0)
x_train = torch.tensor((x_train - mu) / sd, dtype=torch.float32)
x_test = torch.tensor((x_test - mu) / sd, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)

net = FurnaceNet()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
EPOCHS = 24
for epoch in range(EPOCHS):
    for group in opt.param_groups:
        group["lr"] = 0.1 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
    order = torch.randperm(len(x_train))
    total = 0.0
    for k in range(0, len(order), 100):
        rows = order[k:k + 100]
        opt.zero_grad()
        loss = F.cross_entropy(net(x_train[rows]), y_train[rows])
        loss.backward()
        opt.step()
        total += loss.item() * len(rows)
    with torch.no_grad():
        scores = net(x_test)
        acc = (scores.argmax(1) == y_test).float().mean().item()
        held = F.cross_entropy(scores, y_test).item()
    print(f"{epoch + 1:3d} train {total / len(order):.4f} test {held:.4f} accuracy {acc:.4f}")
