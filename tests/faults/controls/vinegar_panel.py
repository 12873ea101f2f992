import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold

# 178 samples, 13 measurements, three producers; five folds, so each held-out part has some 36 rows
torch.manual_seed(1)
data = load_wine()
X, y = data.data, data.target
names = ["north", "middle", "south"]


def train_fold(tr, te, steps=300, lr=0.005, wd=5e-3, units=12):
    mean, std = X[tr].mean(0), X[tr].std(0)
    a = torch.as_tensor((X[tr] - mean) / std, dtype=torch.float32)
    b = torch.as_tensor((X[te] - mean) / std, dtype=torch.float32)
    ya, yb = torch.as_tensor(y[tr]), torch.as_tensor(y[te])
    model = torch.nn.Sequential(torch.nn.Linear(13, units), torch.nn.Tanh(), torch.nn.Linear(units, 3))
    opt = torch.optim.Adam(model.parameters(), lr=lr, weight_decay=wd)
    lossf = torch.nn.CrossEntropyLoss()
    for step in range(steps):
        pick = torch.randint(0, len(tr), (48,))
        opt.zero_grad()
        loss = lossf(model(a[pick]), ya[pick])
        loss.backward()
        opt.step()
        if step == steps * 3 // 4:
            for g in opt.param_groups:
                g["lr"] = lr / 10
        if step % 50 == 49:
            with torch.no_grad():
                la, lb = lossf(model(a), ya), lossf(model(b), yb)
                acc = (model(b).argmax(1) == yb).float().mean()
            print(f"  step {step + 1:4d}  batch {loss.item():.4f}  train {la.item():.4f}  held out {lb.item():.4f}  acc {acc.item():.3f}")
    with torch.no_grad():
        return model(b).argmax(1).numpy(), lb.item()


guess = np.zeros_like(y)
losses = []
for fold, (tr, te) in enumerate(StratifiedKFold(5, shuffle=True, random_state=2).split(X, y)):
    print(f"fold {fold} ({len(tr)} / {len(te)})")
    guess[te], l = train_fold(tr, te)
    losses.append(l)
for k in range(3):
    print(f"{names[k]:>7}: {np.mean(guess[y == k] == k):.3f} of {np.sum(y == k)}")
print(f"mean held-out loss {np.mean(losses):.4f}")
print(f"accuracy over the five folds {np.mean(guess == y):.4f}")
