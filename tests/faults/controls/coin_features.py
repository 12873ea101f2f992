# Predict whether a customer clicks, from eight weak features. The best possible classifier is right about 3 times in 4.
import numpy as np
import torch
import torch.nn as nn

gen = np.random.default_rng(90)
torch.manual_seed(90)
W = gen.normal(0, 1, 8)


def clicks(n):
    x = gen.normal(size=(n, 8))
    z = 0.65 * x @ W + 0.5 * x[:, 0] * x[:, 1]
    p = 1 / (1 + np.exp(-z))
    best = np.maximum(p, 1 - p).mean()
    y = (gen.random(n) < p).astype(np.float32)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)[:, None], best


X, Y, _ = clicks(8000)
X_val, Y_val, ceiling = clicks(2000)
print(f"ceiling {ceiling:.3f}, click rate {Y.mean():.3f}")
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
lossf = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-4)
steps, bs = 800, 128
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, total_steps=steps)

running = None
for step in range(1, steps + 1):
    model.train()
    pick = torch.randint(0, len(X), (bs,))
    loss = lossf(model(X[pick]), Y[pick])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
    if step % 80 == 0:
        model.eval()
        with torch.no_grad():
            out = model(X_val)
            val = lossf(out, Y_val).item()
            acc = ((out > 0).float() == Y_val).float().mean().item()
            tr = ((model(X) > 0).float() == Y).float().mean().item()
        print(f"step {step}: smoothed loss {running:.4f} val loss {val:.4f} train acc {tr:.4f} val acc {acc:.4f}")
