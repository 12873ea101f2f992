# peak ground velocity near a quarry from charge, distance, rock and delay
import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(14)
torch.manual_seed(14)

n = 4000
charge = rng.uniform(20, 400, n)
dist = rng.uniform(50, 900, n)
rock = rng.integers(0, 3, n)
delay = rng.uniform(0, 60, n)
depth = rng.uniform(4, 18, n)
log_pgv = 5.5 - 1.5 * np.log(dist / np.sqrt(charge)) + 0.35 * rock * np.cos(delay / 9) - 0.02 * depth * (rock == 1) + rng.normal(0, 0.12, n)

feats = np.column_stack([charge, dist, rock == 0, rock == 1, rock == 2, delay, depth]).astype(np.float32)
perm = rng.permutation(n)
tr, te = perm[:3000], perm[3000:]
mu, sd = feats[tr].mean(0), feats[tr].std(0)
X = torch.from_numpy((feats - mu) / sd)
ym, ys = log_pgv[tr].mean(), log_pgv[tr].std()
Y = torch.tensor((log_pgv - ym) / ys, dtype=torch.float32).unsqueeze(1)

model = nn.Sequential(nn.Linear(7, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=15, gamma=0.4)
penalty_weight = 8e-3

for epoch in range(60):
    model.train()
    fit_sum = 0.0
    for start in range(0, 3000, 100):
        if start == 0:
            order = rng.permutation(tr)
        rows = order[start:start + 100]
        fit = ((model(X[rows]) - Y[rows]) ** 2).mean()
        penalty = sum((p ** 2).sum() for p in model.parameters())
        loss = fit + penalty_weight * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        fit_sum += loss.item()
    scheduler.step()
    if (epoch + 1) % 10 == 0:
        model.eval()
        with torch.no_grad():
            err = model(X[te]) - Y[te]
        r2 = 1 - (err ** 2).mean() / Y[te].var()
        print(f"epoch {epoch + 1}  objective {fit_sum / 30:.4f}  test R2 {r2.item():.4f}")
