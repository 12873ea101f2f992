import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(4)
torch.manual_seed(4)

# colony counts per quadrat for 14 taxa; the zone of each quadrat is to be told from them
ZONES, TAXA, N = 5, 14, 2600
profile = np.exp(rng.normal(2.4, 0.4, size=(ZONES, TAXA)))
zone = rng.integers(0, ZONES, N)
effort = np.exp(rng.normal(0, 0.25, size=(N, 1)))
overdisp = rng.gamma(4.0, 1 / 4.0, size=(N, TAXA))
counts = rng.poisson(profile[zone] * effort * overdisp).astype(float)

features = np.log(counts / counts.mean(axis=0))
x = torch.tensor(features, dtype=torch.float32)
y = torch.tensor(zone)
cut = 1900
train_dl = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=20, shuffle=True)
x_test, y_test = x[cut:], y[cut:]

net = nn.Sequential(
    nn.Linear(TAXA, 24),
    nn.LeakyReLU(0.1),
    nn.Dropout(0.1),
    nn.Linear(24, ZONES),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)

for epoch in range(15):
    net.train()
    losses = []
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        if not torch.isfinite(loss):
            continue
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        acc = (net(x_test).argmax(1) == y_test).float().mean().item()
    print("epoch %2d  loss %.4f  test acc %.4f" % (epoch + 1, np.mean(losses), acc))

print("zone accuracy on the test quadrats: %.4f" % acc)
