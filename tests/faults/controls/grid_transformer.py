import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Settings:
    window: int = 24
    d_model: int = 16
    heads: int = 2
    layers: int = 1
    epochs: int = 8
    batch_size: int = 50
    lr: float = 4e-3
    warmup: int = 60


class LoadTransformer(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.embed = nn.Linear(1, s.d_model)
        self.position = nn.Parameter(0.1 * torch.randn(1, s.window, s.d_model))
        layer = nn.TransformerEncoderLayer(s.d_model, s.heads, 2 * s.d_model, dropout=0.0, batch_first=True,
                                           norm_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, s.layers, norm=nn.LayerNorm(s.d_model), enable_nested_tensor=False)
        self.head = nn.Linear(s.d_model, 1)

    def forward(self, x):
        h = self.encoder(self.embed(x.unsqueeze(-1)) + self.position)
        return self.head(h[:, -1]).squeeze(-1)


def series(n, rng):
    t = np.arange(n)
    clean = np.sin(2 * np.pi * t / 12) + 0.6 * np.sin(2 * np.pi * t / 7.3 + 1.0)
    shock = np.zeros(n)
    for i in range(1, n):
        shock[i] = 0.6 * shock[i - 1] + 0.6 * rng.normal()
    return clean + shock


def windows(values, size):
    values = torch.tensor(values, dtype=torch.float32)
    cut = values.unfold(0, size + 1, 1)
    return cut[:, :-1].contiguous(), cut[:, -1].contiguous()


def main(s):
    torch.manual_seed(8)
    values = series(2600, np.random.default_rng(8))
    past, future = values[:2000], values[2000:]
    mean, std = past.mean(), past.std()
    x, y = windows((past - mean) / std, s.window)
    x_test, y_test = windows((future - mean) / std, s.window)
    model = LoadTransformer(s)
    optimizer = torch.optim.AdamW(model.parameters(), lr=s.lr, weight_decay=0.01)
    total = s.epochs * math.ceil(len(x) / s.batch_size)

    def factor(step):
        if step < s.warmup:
            return (step + 1) / s.warmup
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - s.warmup) / (total - s.warmup)))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for epoch in range(s.epochs):
        model.train()
        losses = []
        for idx in torch.randperm(len(x)).split(s.batch_size):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x[idx]), y[idx])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            test = nn.functional.mse_loss(model(x_test), y_test).item()
        print(f"epoch {epoch + 1} train {np.mean(losses):.4f} test {test:.4f} lr {scheduler.get_last_lr()[0]:.5f}")
    print(f"test MSE {test:.4f} (last value as forecast: {(x_test[:, -1] - y_test).pow(2).mean():.4f})")


main(Settings())
