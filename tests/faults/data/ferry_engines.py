"""Estimate bearing wear on three ferries from their engine readings."""
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

READINGS = ["rpm", "load", "oil_temp", "oil_pressure", "vibration", "exhaust"]


def voyage_log(ferry, n, rng):
    z = rng.normal(0, 1, (n, 6))
    z[:, 4] += 0.6 * z[:, 1]
    z[:, 2] += 0.4 * z[:, 0]
    log = pd.DataFrame(z, columns=READINGS)
    wear = (0.7 * log.vibration + 0.5 * log.oil_temp * log.load - 0.6 * np.maximum(log.oil_pressure, 0)
            + 0.4 * np.abs(log.rpm) + rng.normal(0, 0.25, n))
    log["ferry"] = ferry
    return log, pd.DataFrame({"ferry": ferry, "wear": wear})


def gather(sizes, rng):
    logs, inspections = {}, {}
    for ferry, n in sizes.items():
        logs[ferry], inspections[ferry] = voyage_log(ferry, n, rng)
    return logs, inspections


def to_tensors(table, wear):
    x = torch.tensor(table[READINGS].to_numpy(), dtype=torch.float32)
    return TensorDataset(x, torch.tensor(wear.to_numpy(), dtype=torch.float32).unsqueeze(1))


class WearNet(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(len(READINGS), width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
                                    nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x)


class Trainer:
    def __init__(self, model, loader, val, epochs=30):
        self.model, self.loader, self.val, self.epochs = model, loader, val, epochs
        self.opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)
        self.loss_fn = nn.MSELoss()

    def validate(self):
        self.model.eval()
        x, y = self.val.tensors
        with torch.no_grad():
            return self.loss_fn(self.model(x), y).sqrt().item()

    def run(self):
        for epoch in range(self.epochs):
            self.model.train()
            total, n = 0.0, 0
            for x, y in self.loader:
                loss = self.loss_fn(self.model(x), y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                total += loss.item() * len(x)
                n += len(x)
            self.sched.step()
            if epoch % 3 == 2:
                print(f"epoch {epoch + 1:02d} train rmse {(total / n) ** 0.5:.4f} val rmse {self.validate():.4f}")


if __name__ == "__main__":
    torch.manual_seed(40)
    rng = np.random.default_rng(40)
    logs, inspections = gather({"Asta": 2000, "Runa": 2100, "Ida": 2100}, rng)
    readings = pd.concat([logs[k] for k in logs], ignore_index=True)
    wear = pd.concat([inspections[k] for k in sorted(inspections)], ignore_index=True).wear
    late_logs, late_inspections = gather({"Ida": 400, "Runa": 400, "Asta": 400}, rng)
    val = to_tensors(pd.concat(late_logs.values()), pd.concat(late_inspections.values()).wear)
    trainer = Trainer(WearNet(), DataLoader(to_tensors(readings, wear), batch_size=64, shuffle=True), val)
    trainer.run()
    print(f"final val rmse {trainer.validate():.4f}")
