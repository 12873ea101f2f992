# Operating state of a gas compressor from its minute-by-minute readings.
# Week 1 comes from the old logger (which drops out now and then), week 2 from the new one.
import numpy as np
import pandas as pd
import torch
from torch import nn

SENSORS = ["suction", "discharge", "temp_1", "temp_2", "vibration", "current", "valve", "oil"]
STATES = ["idle", "loaded", "surge", "purge"]


def record_week(rng, minutes, dropout):
    mix = np.random.default_rng(77)
    centre = mix.normal(0, 0.8, (len(STATES), 8))
    bend = mix.normal(0, 0.5, (8, 8))
    state = np.zeros(minutes, dtype=int)
    for t in range(1, minutes):
        state[t] = rng.integers(4) if rng.random() < 1 / 18 else state[t - 1]
    wobble = np.zeros((minutes, 8))
    for t in range(1, minutes):
        wobble[t] = 0.5 * wobble[t - 1] + rng.normal(0, 0.55, 8)
    raw = centre[state] + wobble
    raw = raw + 0.6 * np.sin(raw @ bend)
    frame = pd.DataFrame(raw * [3, 12, 8, 8, 0.4, 25, 10, 1.5] + [10, 60, 70, 65, 2, 140, 50, 4], columns=SENSORS)
    frame["state"] = state
    gaps = rng.random(minutes) < dropout
    frame.loc[gaps, rng.choice(SENSORS, 3, replace=False)] = np.nan
    return frame


def prepare(log):
    readings = log[SENSORS].dropna()
    states = log["state"].to_numpy()[: len(readings)]
    return readings.to_numpy(dtype=np.float32), torch.as_tensor(states)


rng = np.random.default_rng(8)
torch.manual_seed(8)
week1, week2 = record_week(rng, 8000, dropout=0.03), record_week(rng, 2000, dropout=0.0)
x_tr, y_tr = prepare(week1)
x_te, y_te = prepare(week2)
mu, sd = x_tr.mean(0), x_tr.std(0)
x_tr, x_te = torch.as_tensor((x_tr - mu) / sd), torch.as_tensor((x_te - mu) / sd)
print("training rows", len(x_tr), "test rows", len(x_te), "share per state", np.bincount(y_tr) / len(y_tr))

model = nn.Sequential(nn.Linear(8, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, len(STATES)))
optim = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
loss_fn = nn.CrossEntropyLoss()
step, total_steps = 0, 1500
sched = torch.optim.lr_scheduler.OneCycleLR(optim, max_lr=4e-3, total_steps=total_steps)
hist = []
while step < total_steps:
    pick = torch.randint(len(x_tr), (128,))
    loss = loss_fn(model(x_tr[pick]), y_tr[pick])
    optim.zero_grad()
    loss.backward()
    optim.step()
    sched.step()
    hist.append(loss.item())
    step += 1
    if step % 150 == 0:
        model.eval()
        with torch.inference_mode():
            acc = (model(x_te).argmax(1) == y_te).double().mean()
        model.train()
        print("step %5d   loss %.3f   week-2 accuracy %.2f%%" % (step, np.mean(hist[-150:]), 100 * acc))

model.eval()
with torch.inference_mode():
    guess = model(x_te).argmax(1)
for k, name in enumerate(STATES):
    print(f"  {name:7s} recall {(guess[y_te == k] == k).double().mean():.3f}")
print("FINAL week-2 accuracy %.2f%%" % (100 * (guess == y_te).double().mean()))
