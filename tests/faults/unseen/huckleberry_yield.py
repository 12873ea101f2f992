"""Predict whether a huckleberry bush bears well, with early stopping on a small survey."""
import copy
import numpy as np
import torch
from torch import nn

torch.manual_seed(30)
torch.set_num_threads(1)
rng = np.random.default_rng(30)


def survey(n):
    x = rng.normal(0, 1, (n, 8))
    score = 1.6 * x[:, 0] - 1.3 * x[:, 1] + 0.9 * x[:, 2] * x[:, 3] + 0.6 * x[:, 4]
    y = (score + 0.5 * rng.standard_normal(n) > 0).astype("float32")
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


x_tr, y_tr = survey(500)
x_va, y_va = survey(250)
x_te, y_te = survey(500)

model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 1), nn.Flatten(0))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
bce = nn.BCEWithLogitsLoss()

best_loss, best_state, waited, patience = float("inf"), None, 0, 10
for epoch in range(200):
    model.train()
    for rows in torch.randperm(len(x_tr)).split(25):
        opt.zero_grad()
        loss = bce(model(x_tr[rows]), y_tr[rows])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        train_loss = bce(model(x_tr), y_tr).item()
        val_loss = bce(model(x_va), y_va).item()
    if epoch % 5 == 0:
        print(f"epoch {epoch:3d} train {train_loss:.4f} val {val_loss:.4f}")
    if val_loss < best_loss - 1e-4:
        best_loss, waited = val_loss, 0
        best_state = copy.deepcopy(model.state_dict())
    else:
        waited += 1
        if waited >= patience:
            print(f"stopped at epoch {epoch}, best val {best_loss:.4f}")
            break

model.load_state_dict(best_state)
model.eval()
with torch.no_grad():
    z = model(x_te)
print(f"test loss {bce(z, y_te).item():.4f} test acc {((z > 0) == (y_te > 0.5)).float().mean().item():.3f}")
