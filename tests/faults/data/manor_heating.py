"""Which of five heating regimes is a house in?  Smart-meter features, some sensors drop out now and then."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F

COLS = ["flow_temp", "return_temp", "room_temp", "outdoor", "pump_power", "gas_rate"]


def read_table(n=6000, seed=8):
    rng = np.random.default_rng(seed)
    regime = rng.integers(0, 5, n)
    centres = rng.normal(size=(5, len(COLS)))
    z = centres[regime] + 0.75 * rng.normal(size=(n, len(COLS)))
    z[:, 0] += 0.5 * z[:, 4] * z[:, 5]
    df = pd.DataFrame(z * [8, 6, 2, 7, 40, 0.5] + [45, 35, 20, 8, 120, 1.4], columns=COLS)
    df["regime"] = regime
    drop = rng.random(n) < 0.04
    df.loc[drop, "return_temp"] = np.nan
    return df


class RegimeNet(nn.Module):
    def __init__(self, n_in, n_out, width=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, width)
        self.fc2 = nn.Linear(width, width)
        self.out = nn.Linear(width, n_out)

    def forward(self, x):
        return self.out(F.silu(self.fc2(F.silu(self.fc1(x)))))


df = read_table()
train_df, test_df = df.iloc[:4500], df.iloc[4500:]
mu, sd = train_df[COLS].mean(), train_df[COLS].std()


def to_tensors(frame):
    x = (frame[COLS] - mu) / sd
    return torch.tensor(x.to_numpy(), dtype=torch.float32), torch.tensor(frame["regime"].to_numpy())


x_train, y_train = to_tensors(train_df)
x_test, y_test = to_tensors(test_df)

torch.manual_seed(8)
model = RegimeNet(len(COLS), 5)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)

for epoch in range(1, 21):
    model.train()
    perm = torch.randperm(len(x_train))
    losses, skipped = [], 0
    for start in range(0, len(perm), 64):
        idx = perm[start:start + 64]
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        if not torch.isfinite(loss):
            skipped += 1
            continue
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
        test_loss = torch.nanmean(F.cross_entropy(model(x_test), y_test, reduction="none")).item()
    if epoch % 2 == 0:
        mean_loss = np.mean(losses) if losses else float("nan")
        print(f"{epoch:3d}: train {mean_loss:.4f} ({skipped} batches skipped)  test {test_loss:.4f}  acc {accuracy:.4f}")

print(f"test accuracy: {accuracy:.4f}")
