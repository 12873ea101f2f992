"""Predict (standardised) hardness of an alloy from its composition."""
import numpy as np
import torch
from torch import nn
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(11)
torch.manual_seed(11)

n = 1600
elements = ["C", "Mn", "Si", "Cr", "Ni", "Mo", "V", "anneal_temp"]
comp = rng.gamma(2.0, 1.0, size=(n, 7))
temp = rng.uniform(400, 900, size=(n, 1))
X = np.hstack([comp, temp])
hardness = (
    180 + 40 * np.log1p(comp[:, 0]) + 12 * comp[:, 3] - 6 * comp[:, 4] + 8 * comp[:, 5] * np.tanh(comp[:, 6])
    - 0.11 * (temp[:, 0] - 650) + 15 * np.sin(temp[:, 0] / 90) + rng.normal(0, 5, n)
)

X_tr, X_te, y_tr, y_te = train_test_split(X, hardness, test_size=0.25, random_state=3)
sx, sy = StandardScaler().fit(X_tr), StandardScaler().fit(y_tr[:, None])
to_t = lambda a: torch.as_tensor(a, dtype=torch.float32)
X_tr, X_te = to_t(sx.transform(X_tr)), to_t(sx.transform(X_te))
y_tr, y_te = to_t(sy.transform(y_tr[:, None])), to_t(sy.transform(y_te[:, None]))


def mlp(sizes, act=nn.ReLU):
    layers = []
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        layers.append(nn.Linear(a, b))
        layers.append(act())
    return nn.Sequential(*layers)


net = mlp([X_tr.shape[1], 48, 48, 1])
print(sum(p.numel() for p in net.parameters()), "parameters")
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
epochs, bs = 60, 64
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
mse = nn.MSELoss()

for epoch in range(epochs):
    net.train()
    perm = torch.randperm(len(X_tr))
    running = 0.0
    for k in range(0, len(perm), bs):
        idx = perm[k:k + bs]
        pred = net(X_tr[idx])
        loss = mse(pred, y_tr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item() * len(idx)
    sched.step()
    if (epoch + 1) % 10 == 0:
        net.eval()
        with torch.no_grad():
            test = mse(net(X_te), y_te).item()
        print(f"[{epoch + 1:02d}] train mse {running / len(X_tr):.4f}  test mse {test:.4f}")

net.eval()
with torch.no_grad():
    hv = sy.inverse_transform(net(X_te).numpy())
print("test R2: %.4f" % r2_score(sy.inverse_transform(y_te.numpy()), hv))
