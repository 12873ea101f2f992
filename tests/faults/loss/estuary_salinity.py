import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)


def simulate(n):
    """river flow, tide, wind, depth, temperature, distance to the sea -> salinity anomaly"""
    x = torch.randn(n, 6)
    flow, tide, wind, depth, temp, dist = x.T
    y = 1.1 * tide * torch.sigmoid(-dist) - 0.9 * torch.tanh(flow) + 0.5 * torch.sin(2 * wind) * depth.abs() + 0.3 * temp
    return x, y + 0.15 * torch.randn(n)


def build_mlp(sizes):
    layers = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        layers.append(nn.Linear(n_in, n_out))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


x_train, y_train = simulate(6000)
x_val, y_val = simulate(1500)
mu, sigma = y_train.mean(), y_train.std()
y_train, y_val = (y_train - mu) / sigma, (y_val - mu) / sigma
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=100, shuffle=True)
val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=500)

net = build_mlp([6, 64, 64, 1])
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=30 * len(train_loader))
loss_fn = nn.MSELoss()


def run_epoch():
    net.train()
    total = 0.0
    for xb, yb in train_loader:
        loss = loss_fn(net(xb).squeeze(1), yb)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item() * len(xb)
    return total / len(x_train)


@torch.no_grad()
def validate():
    net.eval()
    return sum(loss_fn(net(xb).squeeze(1), yb).item() * len(xb) for xb, yb in val_loader) / len(x_val)


for epoch in range(1, 31):
    train_mse = run_epoch()
    val_mse = validate()
    if epoch % 3 == 0:
        print(f"[{epoch:03d}] train mse {train_mse:.4f} | val mse {val_mse:.4f}")

print("val R2 = %.4f" % (1 - validate() / y_val.var(unbiased=False).item()))
