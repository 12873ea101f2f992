# Compressive strength of lime mortars from the mix recipe.
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(3)
torch.set_num_threads(1)
rng = np.random.default_rng(3)

cfg = dict(hidden=64, lr=0.05, momentum=0.9, epochs=50, batch=50, max_norm=0.002)

# columns: lime, sand, pozzolan, water ratio, curing days, fibre, temperature, humidity
n = 2500
mix = rng.uniform(0, 1, size=(n, 8))
lime, sand, pozz, water, days, fibre, temp, hum = mix.T
strength = (
    3.0
    + 5.0 * pozz * np.sqrt(days)
    - 4.0 * (water - 0.45) ** 2 * 6
    + 2.0 * np.sin(3.0 * lime) * (1 - sand)
    + 1.2 * fibre * temp
    - 0.8 * np.abs(hum - 0.6)
    + rng.normal(0, 0.15, n)
)

order = rng.permutation(n)
tr, te = order[:2000], order[2000:]
x_mean, x_std = mix[tr].mean(0), mix[tr].std(0)
y_mean, y_std = strength[tr].mean(), strength[tr].std()

X = torch.tensor((mix - x_mean) / x_std, dtype=torch.float32)
Y = torch.tensor((strength - y_mean) / y_std, dtype=torch.float32).unsqueeze(1)

net = nn.Sequential(
    nn.Linear(8, cfg["hidden"]), nn.ReLU(),
    nn.Linear(cfg["hidden"], cfg["hidden"]), nn.ReLU(),
    nn.Linear(cfg["hidden"], 1),
)
optimizer = torch.optim.SGD(net.parameters(), lr=cfg["lr"], momentum=cfg["momentum"])
criterion = nn.MSELoss()

tr_idx = torch.tensor(tr)
te_idx = torch.tensor(te)

for epoch in range(1, cfg["epochs"] + 1):
    net.train()
    shuffled = tr_idx[torch.randperm(len(tr_idx))]
    epoch_loss = 0.0
    for start in range(0, len(shuffled), cfg["batch"]):
        rows = shuffled[start:start + cfg["batch"]]
        optimizer.zero_grad()
        loss = criterion(net(X[rows]), Y[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), cfg["max_norm"])
        optimizer.step()
        epoch_loss += loss.item() * len(rows)
    if epoch % 10 == 0:
        net.eval()
        with torch.no_grad():
            pred = net(X[te_idx])
            test_mse = criterion(pred, Y[te_idx]).item()
            rmse = test_mse ** 0.5 * y_std
        print(f"{epoch:3d} train mse {epoch_loss / len(tr_idx):.4f} test mse {test_mse:.4f} rmse {rmse:.3f} MPa")

print(f"final R2: {1 - test_mse / Y[te_idx].var().item():.3f}")
