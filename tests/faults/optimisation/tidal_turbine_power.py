"""One-step-ahead output of a tidal turbine from 16 readings of flow speed, direction and load. LSTM, plain SGD."""
import torch
import torch.nn as nn

torch.manual_seed(23)


class Config:
    window = 16
    hidden = 32
    lr = 0.1
    momentum = 0.9
    batch = 64
    epochs = 15
    max_grad_norm = 0.01


def turbine(n):
    t = torch.arange(n, dtype=torch.float32)
    flow = torch.sin(2 * torch.pi * t / 37.3) + 0.5 * torch.sin(2 * torch.pi * t / 11.1 + 1) + 0.1 * torch.randn(n)
    heading = torch.cos(2 * torch.pi * t / 53.0) + 0.1 * torch.randn(n)
    load = torch.zeros(n)
    for i in range(1, n):
        load[i] = 0.8 * load[i - 1] + 0.3 * flow[i - 1] * heading[i - 1]
    power = load + 0.4 * flow.clamp(min=0) ** 2
    return torch.stack([flow, heading, load], dim=1), power


readings, power = turbine(3000)
split = 2300
mean, std = readings[:split].mean(0), readings[:split].std(0)
readings = (readings - mean) / std
power = (power - power[:split].mean()) / power[:split].std()


def windows(lo, hi):
    xs = torch.stack([readings[i - Config.window:i] for i in range(lo + Config.window, hi)])
    return xs, power[lo + Config.window:hi]


class Forecaster(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.lstm = nn.LSTM(n_in, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.readout(h[-1]).squeeze(1)


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs)
        self.loss = nn.MSELoss()

    def step(self, x, y):
        self.opt.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.max_grad_norm)
        self.opt.step()
        return loss.item()

    def fit(self, train, test):
        for epoch in range(self.cfg.epochs):
            self.model.train()
            parts = [self.step(train[0][i], train[1][i]) for i in torch.randperm(len(train[0])).split(self.cfg.batch)]
            self.sched.step()
            print(f"epoch {epoch + 1:2d}  train mse {sum(parts) / len(parts):.4f}  test mse {self.evaluate(*test):.4f}")

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        return self.loss(self.model(x), y).item()


trainer = Trainer(Forecaster(3, Config.hidden), Config)
held_out = windows(split, 3000)
trainer.fit(windows(0, split), held_out)
print(f"held-out MSE: {trainer.evaluate(*held_out):.4f}")
