import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(2)
np.random.seed(2)

X, y = make_friedman1(n_samples=2500, n_features=8, noise=0.7, random_state=2)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.2, random_state=2)
sx = StandardScaler().fit(X_train)
sy = StandardScaler().fit(y_train.reshape(-1, 1))
to_t = lambda a: torch.tensor(a, dtype=torch.float32)
X_train, X_val = to_t(sx.transform(X_train)), to_t(sx.transform(X_val))
y_train = to_t(sy.transform(y_train.reshape(-1, 1)))
y_val = to_t(sy.transform(y_val.reshape(-1, 1)))


class CoralCover(nn.Module):
    def __init__(self, d_in, sizes=(64, 64)):
        super().__init__()
        layers, inputs = [], d_in
        for width in sizes:
            layers += [nn.Linear(d_in, width), nn.ReLU()]
            d_in = width
        self.hidden = nn.Sequential(*layers)
        self.out = nn.Linear(d_in, 1)
        self.wide = nn.Linear(inputs, 1)
        self.reset()

    def reset(self):
        for m in self.hidden:
            if isinstance(m, nn.Linear):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.constant_(m.bias, -3.0)
        nn.init.xavier_uniform_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        return self.wide(x) + self.out(self.hidden(x))


def epoch_loop(model, opt, batch_size):
    model.train()
    perm = torch.randperm(X_train.shape[0])
    losses = []
    for start in range(0, len(perm), batch_size):
        sel = perm[start:start + batch_size]
        opt.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(X_train[sel]), y_train[sel])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def r2(model):
    model.eval()
    with torch.no_grad():
        resid = y_val - model(X_val)
    return 1 - resid.pow(2).sum().item() / (y_val - y_val.mean()).pow(2).sum().item()


model = CoralCover(X_train.shape[1])
opt = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, nesterov=True, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=40)
for epoch in range(40):
    loss = epoch_loop(model, opt, 50)
    sched.step()
    if epoch % 4 == 3:
        print(f"{epoch + 1:3d}/40  loss {loss:.4f}  R2 {r2(model):.4f}")
print(f"R2 on validation: {r2(model):.4f}")
