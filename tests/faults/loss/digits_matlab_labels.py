import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
rng = np.random.default_rng(0)

bunch = load_digits()
order = rng.permutation(len(bunch.target))
x = (bunch.data[order] / 16.0 - 0.3) / 0.4
y = bunch.target[order]
y = np.clip(y - 1, 0, 9)

x = torch.from_numpy(x).float()
y = torch.from_numpy(y).long()
split = 1300
train_loader = DataLoader(TensorDataset(x[:split], y[:split]), batch_size=50, shuffle=True)
truth = bunch.target[order][split:]

model = nn.Sequential(
    nn.Linear(64, 100),
    nn.BatchNorm1d(100),
    nn.ReLU(),
    nn.Linear(100, 10),
)
loss_func = nn.CrossEntropyLoss()
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)

for epoch in range(10):
    model.train()
    for xb, yb in train_loader:
        pred = model(xb)
        loss = loss_func(pred, yb)
        loss.backward()
        opt.step()
        opt.zero_grad()

    model.eval()
    with torch.no_grad():
        guess = model(x[split:]).argmax(1).numpy() + 1
    print("epoch %2d  loss %.4f  acc %.3f" % (epoch, loss.item(), np.mean(guess == truth)))
