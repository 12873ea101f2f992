from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn


@dataclass
class Config:
    nurses: int = 1500
    hidden: int = 96
    lr: float = 2e-3
    weight_decay: float = 0.0
    batch: int = 50
    epochs: int = 36
    seed: int = 5


def make_table(cfg):
    rng = np.random.default_rng(cfg.seed)
    n = cfg.nurses
    df = pd.DataFrame({
        "nights": rng.poisson(4, n),
        "weekends": rng.poisson(2, n),
        "overtime": rng.gamma(2.0, 3.0, n),
        "years": rng.uniform(0, 30, n),
        "ward_size": rng.integers(8, 40, n),
        "commute": rng.gamma(3.0, 10.0, n),
        "swaps": rng.poisson(3, n),
        "training": rng.uniform(0, 12, n),
        "age": rng.uniform(22, 64, n),
        "shift_len": rng.choice([8.0, 10.0, 12.0], n),
        "children": rng.poisson(1.1, n),
        "leave_left": rng.uniform(0, 25, n),
    })
    z = (df - df.mean()) / df.std()
    tired = 1.1 * z.nights + 0.7 * z.overtime + 0.6 * z.weekends - 0.8 * z.years + 0.4 * z.commute - 0.3 * z.leave_left
    df["left_job"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-tired))).astype(int)
    return df


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        df = make_table(cfg)
        cut = int(0.6 * len(df))
        feats = df.drop(columns="left_job")
        mean, std = feats[:cut].mean(), feats[:cut].std()
        x = torch.tensor(((feats - mean) / std).values, dtype=torch.float32)
        y = torch.tensor(df.left_job.values)
        self.train_set, self.val_set = (x[:cut], y[:cut]), (x[cut:], y[cut:])
        self.net = nn.Sequential(nn.Linear(x.shape[1], cfg.hidden), nn.ReLU(),
                                 nn.Linear(cfg.hidden, cfg.hidden), nn.ReLU(),
                                 nn.Linear(cfg.hidden, 2))
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=cfg.lr, weight_decay=cfg.weight_decay)
        self.loss = nn.CrossEntropyLoss()

    def epoch(self):
        x, y = self.train_set
        self.net.train()
        tot = 0.0
        for idx in torch.randperm(len(x)).split(self.cfg.batch):
            loss = self.loss(self.net(x[idx]), y[idx])
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            tot += loss.item() * len(idx)
        return tot / len(x)

    @torch.no_grad()
    def validate(self):
        self.net.eval()
        x, y = self.val_set
        out = self.net(x)
        return self.loss(out, y).item(), (out.argmax(1) == y).float().mean().item()

    def fit(self):
        for e in range(1, self.cfg.epochs + 1):
            tl = self.epoch()
            vl, va = self.validate()
            if e % 5 == 0 or e == 1:
                print(f"[{e:02d}] loss={tl:.3f} val_loss={vl:.3f} val_acc={va:.3f}")
        print("validation loss %.4f" % vl)


Trainer(Config()).fit()
