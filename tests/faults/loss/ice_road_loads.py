"""Conv1d regressor: three coupled responses (deflection, tilt, strain) of an ice road from a truck's pressure trace."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

SEED = 12
np.random.seed(SEED)
torch.manual_seed(SEED)


def make_traces(n, length=48):
    t = np.linspace(0, 1, length)
    X, Y = [], []
    for _ in range(n):
        centre, width, amp = np.random.uniform(0.2, 0.8), np.random.uniform(0.05, 0.2), np.random.uniform(0.5, 2.0)
        slope = np.random.uniform(-1, 1)
        bump = amp * np.exp(-((t - centre) / width) ** 2) + slope * t
        X.append(bump + 0.1 * np.random.randn(length))
        Y.append([amp * width * 5, np.sin(3 * centre) * amp, slope * amp + centre])
    return np.array(X, dtype=np.float32), np.array(Y, dtype=np.float32)


X, Y = make_traces(1800)
X_tr, X_te, Y_tr, Y_te = X[:1400], X[1400:], Y[:1400], Y[1400:]
x_mu, x_sd = X_tr.mean(), X_tr.std()
y_mu, y_sd = Y_tr.mean(0), Y_tr.std(0)
X_tr, X_te = [torch.from_numpy((a - x_mu) / x_sd).unsqueeze(1) for a in (X_tr, X_te)]
Y_tr, Y_te = [torch.from_numpy((a - y_mu) / y_sd) for a in (Y_tr, Y_te)]


class TraceRegressor(nn.Module):
    def __init__(self, n_out=3):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, padding=3, stride=2)
        self.conv2 = nn.Conv1d(16, 32, 5, padding=2, stride=2)
        self.fc1 = nn.Linear(32 * 12, 64)
        self.fc2 = nn.Linear(64, n_out)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.relu(self.fc1(x.flatten(1)))
        return F.relu(self.fc2(x))


net = TraceRegressor()
opt = torch.optim.AdamW(net.parameters(), lr=1.5e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=50)

for epoch in range(50):
    net.train()
    order = torch.randperm(len(X_tr))
    total = 0.0
    for i in range(0, len(order), 50):
        idx = order[i:i + 50]
        loss = F.mse_loss(net(X_tr[idx]), Y_tr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    if (epoch + 1) % 5 == 0:
        net.eval()
        with torch.no_grad():
            te = F.mse_loss(net(X_te), Y_te).item()
        print(f"[{epoch + 1:3d}] train mse {total / len(order):.4f} | test mse {te:.4f}")

net.eval()
with torch.no_grad():
    err = ((net(X_te) - Y_te) ** 2).mean(0)
r2 = 1 - err / Y_te.var(0, unbiased=False)
print("R2 per output", [round(v, 3) for v in r2.tolist()])
print(f"mean R2 {r2.mean().item():.4f}")
