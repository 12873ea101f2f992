from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import make_friedman1
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    steps: int = 1200
    batch_size: int = 40
    limit_batches: int = 4
    hidden: int = 48
    lr: float = 3e-3
    eval_every: int = 100
    seed: int = 5


class Trainer:
    def __init__(self, cfg, model, train_set, val_set):
        self.cfg, self.model = cfg, model
        self.loader = DataLoader(train_set, batch_size=cfg.batch_size)
        self.val_x, self.val_y = val_set
        self.opt = torch.optim.Adam(model.parameters(), lr=cfg.lr, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.LinearLR(self.opt, 1.0, 0.05, cfg.steps)

    def validate(self):
        self.model.eval()
        with torch.no_grad():
            mse = F.mse_loss(self.model(self.val_x), self.val_y).item()
        self.model.train()
        return mse

    def fit(self):
        step, window = 0, []
        while step < self.cfg.steps:
            for x, y in islice(self.loader, self.cfg.limit_batches):
                loss = F.mse_loss(self.model(x), y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                self.sched.step()
                window.append(loss.item())
                step += 1
                if step % self.cfg.eval_every == 0:
                    print(f"step {step:5d}  train mse {np.mean(window):.4f}  val mse {self.validate():.4f}")
                    window = []
                if step >= self.cfg.steps:
                    break
        return self.validate()


cfg = Config()
torch.manual_seed(cfg.seed)
X, y = make_friedman1(n_samples=3000, n_features=10, noise=1.0, random_state=cfg.seed)
order = np.random.default_rng(cfg.seed).permutation(len(X))
X, y = X[order], y[order]
X = torch.tensor((X - X[:2400].mean(0)) / X[:2400].std(0), dtype=torch.float32)
y = torch.tensor((y - y[:2400].mean()) / y[:2400].std(), dtype=torch.float32).unsqueeze(1)
model = nn.Sequential(nn.Linear(10, cfg.hidden), nn.GELU(), nn.Linear(cfg.hidden, cfg.hidden), nn.GELU(),
                      nn.Linear(cfg.hidden, 1))
trainer = Trainer(cfg, model, TensorDataset(X[:2400], y[:2400]), (X[2400:], y[2400:]))
final = trainer.fit()
print(f"final val mse {final:.4f}")
