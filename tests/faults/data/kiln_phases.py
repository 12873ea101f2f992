import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

# A kiln goes load -> heat -> soak -> cool and round again; name the phase from the gauges.
rng = np.random.default_rng(51)
torch.manual_seed(51)
N = 14000
phase = np.zeros(N, dtype=np.int64)
left = 20
for i in range(1, N):
    left -= 1
    phase[i] = phase[i - 1]
    if left <= 0:
        phase[i] = (phase[i - 1] + 1) % 4
        left = int(rng.integers(25, 60))

target = np.array([[0.0, 0.1, 0.0], [1.0, 1.0, 0.4], [1.1, 0.4, 1.0], [0.1, 0.0, 0.8]])
gauges = np.zeros((N, 3))
for i in range(1, N):
    gauges[i] = 0.7 * gauges[i - 1] + 0.3 * target[phase[i]]
gauges += rng.normal(0, 0.35, gauges.shape)

frame = pd.DataFrame(gauges, columns=["temp", "gas", "draught"])
feats = pd.concat([
    frame.ewm(halflife=2).mean(),
    frame.ewm(halflife=8).mean(),
    frame.rolling(20, min_periods=2).std().fillna(0.0),
], axis=1)

# the gauges need a while to settle after the start
settled = 20
y = torch.tensor(phase[settled:])
x = torch.tensor(feats.to_numpy()[:len(y)], dtype=torch.float32)
cut = 11000
mean, std = x[:cut].mean(0), x[:cut].std(0)
x = (x - mean) / std
x_train, y_train, x_test, y_test = x[:cut], y[:cut], x[cut:], y[cut:]

w1 = nn.Parameter(torch.randn(9, 32) * 0.3)
b1 = nn.Parameter(torch.zeros(32))
w2 = nn.Parameter(torch.randn(32, 4) * 0.2)
b2 = nn.Parameter(torch.zeros(4))
params = [w1, b1, w2, b2]
opt = torch.optim.RMSprop(params, lr=2e-3, weight_decay=1e-4)
decay = torch.optim.lr_scheduler.ExponentialLR(opt, 0.85)


def logits(v):
    return F.relu(v @ w1 + b1) @ w2 + b2


for epoch in range(16):
    total = 0.0
    for idx in torch.randperm(cut).split(128):
        loss = F.cross_entropy(logits(x_train[idx]), y_train[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    decay.step()
    with torch.no_grad():
        out = logits(x_test)
    acc = (out.argmax(1) == y_test).float().mean().item()
    print("epoch %2d  train %.4f  test %.4f  acc %.4f" % (epoch + 1, total / cut, F.cross_entropy(out, y_test).item(), acc))
