"""Slipway winch condition from vibration summaries. Rows with a failed thermometer are removed before training."""
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split
from torch import nn

torch.manual_seed(8)
rng = np.random.default_rng(8)

CONDITIONS = ["sound", "worn_pawl", "loose_drum", "dry_bearing"]
COLUMNS = [f"rms_{k}" for k in range(10)] + ["crest", "temperature"]


def load_log(n=2200):
    state = rng.integers(0, 4, size=n)
    centre = rng.normal(size=(4, len(COLUMNS)))
    values = centre[state] * 0.95 + rng.normal(size=(n, len(COLUMNS)))
    frame = pd.DataFrame(values, columns=COLUMNS)
    failed = (np.arange(n) > 1150) & (rng.random(n) < 0.05)
    frame.loc[failed, "temperature"] = np.nan
    return frame, pd.Series(state, name="condition")


features, condition = load_log()
print(f"{len(features)} rows, {features.temperature.isna().sum()} without a temperature")
features = features.dropna().reset_index(drop=True)
labels = condition[: len(features)].to_numpy()

X_train, X_val, y_train, y_val = train_test_split(
    features.to_numpy(dtype="float32"), labels, test_size=0.25, random_state=0, stratify=labels)
mu, sd = X_train.mean(0), X_train.std(0)
X_train, X_val = torch.tensor((X_train - mu) / sd), torch.tensor((X_val - mu) / sd)
y_train, y_val = torch.tensor(y_train), torch.tensor(y_val)


class WinchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Dropout(0.2))
        self.head = nn.Linear(24, len(CONDITIONS))

    def forward(self, x):
        return self.head(self.body(x))


def run_epoch(model, optimizer, batch_size=32):
    model.train()
    perm = torch.randperm(len(X_train))
    total = 0.0
    for chunk in perm.split(batch_size):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X_train[chunk]), y_train[chunk])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(chunk)
    return total / len(perm)


model = WinchNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.3)
for epoch in range(1, 13):
    train_loss = run_epoch(model, optimizer)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(X_val)
        val_loss = nn.functional.cross_entropy(out, y_val).item()
        acc = (out.argmax(1) == y_val).float().mean().item()
    if epoch % 2 == 0:
        print(f"epoch {epoch:3d}  train loss {train_loss:.3f}  val loss {val_loss:.3f}  val acc {acc:.3f}")
print(f"final validation accuracy = {acc:.4f}")
