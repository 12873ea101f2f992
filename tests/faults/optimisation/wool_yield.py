import numpy as np
import torch
import torch.nn as nn
from sklearn.preprocessing import StandardScaler

rng = np.random.RandomState(13)
torch.manual_seed(13)

N = 2800
age = rng.uniform(1, 9, N)
weight = rng.normal(62, 8, N)
rain = rng.gamma(4, 12, N)
breed = rng.randint(0, 4, N)
lambs = rng.poisson(1.1, N)
base = np.array([3.1, 4.4, 5.2, 3.8])[breed]
fleece = base * np.exp(-((age - 4) / 4) ** 2) + 0.03 * (weight - 62) + 0.6 * np.tanh((rain - 45) / 20) * (breed < 2) - 0.25 * lambs
staple = 9 - 0.4 * age + 1.2 * np.sin(rain / 14) + 0.5 * (breed == 2) * lambs
Y = np.stack([fleece + rng.normal(0, 0.2, N), staple + rng.normal(0, 0.25, N)], 1)
X = np.column_stack([age, weight, rain, lambs, np.eye(4)[breed]])

cut = 2100
X = torch.tensor(StandardScaler().fit(X[:cut]).transform(X), dtype=torch.float32)
Y = torch.tensor(StandardScaler().fit(Y[:cut]).transform(Y), dtype=torch.float32)


class WoolNet(nn.Module):
    def __init__(self, d_in, d_hidden=64, d_out=2):
        super().__init__()
        self.inp = nn.Linear(d_in, d_hidden)
        self.mid = nn.Linear(d_hidden, d_hidden)
        self.out = nn.Linear(d_hidden, d_out)
        self.act = nn.SiLU()

    def forward(self, x):
        h = self.act(self.inp(x))
        h = h + self.act(self.mid(h))
        return self.out(h)


MAX_NORM = 0.01
net = WoolNet(X.shape[1])
opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, nesterov=True)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[40, 50], gamma=0.3)
loss_fn = nn.MSELoss()
for epoch in range(60):
    net.train()
    total = 0.0
    for rows in torch.randperm(cut).split(42):
        opt.zero_grad()
        loss = loss_fn(net(X[rows]), Y[rows])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), MAX_NORM)
        opt.step()
        total += loss.item() * len(rows)
    sched.step()
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            held = loss_fn(net(X[cut:]), Y[cut:]).item()
        print("epoch %2d  train %.4f  held-out %.4f" % (epoch + 1, total / cut, held))
print("held-out MSE: %.4f" % held)
