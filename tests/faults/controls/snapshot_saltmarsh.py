"""Salt-marsh height from eight survey covariates: snapshot ensemble over warm restarts of the learning rate."""
import copy

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

rng = np.random.default_rng(66)
torch.manual_seed(66)

covariates = rng.uniform(-1.7, 1.7, size=(2600, 8)).astype("float32")
height = (np.sin(2 * covariates[:, 0]) + covariates[:, 1] * covariates[:, 2] + np.abs(covariates[:, 3])
          + 0.5 * covariates[:, 4] + 0.3 * rng.normal(size=2600)).astype("float32")
train_x, test_x = torch.from_numpy(covariates[:2000]), torch.from_numpy(covariates[2000:])
mu, sigma = height[:2000].mean(), height[:2000].std()
train_y, test_y = [torch.from_numpy((h - mu) / sigma) for h in (height[:2000], height[2000:])]

CYCLE, CYCLES, BATCH = 8, 4, 40


def build():
    return nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))


model = build()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=CYCLE, eta_min=1e-4)
steps_per_epoch = len(train_x) // BATCH
snapshots = []

for epoch in range(CYCLE * CYCLES):
    model.train()
    order, epoch_loss = torch.randperm(len(train_x)), 0.0
    for step in range(steps_per_epoch):
        rows = order[step * BATCH:(step + 1) * BATCH]
        loss = nn.functional.mse_loss(model(train_x[rows]).squeeze(1), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step(epoch + (step + 1) / steps_per_epoch)
        epoch_loss += loss.item()
    if (epoch + 1) % CYCLE == 0:
        model.eval()
        snapshots.append(copy.deepcopy(model))
        with torch.no_grad():
            each = nn.functional.mse_loss(model(test_x).squeeze(1), test_y).item()
            joint = torch.stack([m(test_x).squeeze(1) for m in snapshots]).mean(0)
            joint = nn.functional.mse_loss(joint, test_y).item()
        print(f"cycle {len(snapshots)}: train {epoch_loss / steps_per_epoch:.4f} snapshot mse {each:.4f} ensemble mse {joint:.4f}")

print(f"ensemble R2 {1 - joint / test_y.var(unbiased=False).item():.4f}")
