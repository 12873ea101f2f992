import numpy as np
import torch
from sklearn.datasets import make_friedman2
from sklearn.preprocessing import StandardScaler
from torch import nn

rng = np.random.RandomState(2)
torch.manual_seed(2)
X, y = make_friedman2(n_samples=3000, noise=20.0, random_state=rng)
cut = 2400
xs, ys = StandardScaler().fit(X[:cut]), StandardScaler().fit(y[:cut, None])
X = torch.tensor(xs.transform(X), dtype=torch.float32)
Y = torch.tensor(ys.transform(y[:, None]), dtype=torch.float32)


class ImpedanceNet(nn.Module):
    def __init__(self, drop):
        super().__init__()
        self.fc_in = nn.Linear(4, 40)
        self.fc_mid = nn.Linear(40, 40)
        self.fc_out = nn.Linear(40, 1)
        self.drop = nn.Dropout(drop)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc_in(x)))
        x = self.drop(torch.relu(self.fc_mid(x)))
        return self.fc_out(x)


model = ImpedanceNet(drop=0.8)
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[20, 28], gamma=0.2)
huber = nn.SmoothL1Loss()

for epoch in range(32):
    model.train()
    order = rng.permutation(cut)
    losses = []
    for start in range(0, cut, 40):
        sel = order[start:start + 40]
        opt.zero_grad()
        loss = huber(model(X[sel]), Y[sel])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    model.eval()
    with torch.no_grad():
        pred = model(X[cut:])
        val = huber(pred, Y[cut:]).item()
        r2 = 1 - ((pred - Y[cut:]) ** 2).mean() / Y[cut:].var()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:2d} | train {np.mean(losses):.4f} | val {val:.4f} | r2 {r2:.3f}")
print(f"validation R2: {r2:.4f}")
