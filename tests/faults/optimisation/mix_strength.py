import numpy as np
import torch
from scipy.special import expit
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

torch.manual_seed(0)
X, y = make_friedman1(n_samples=2400, n_features=8, noise=1.0, random_state=5)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.25, random_state=1)
sx = StandardScaler().fit(X_tr)
sy = StandardScaler().fit(y_tr[:, None])
X_tr, X_va = (torch.tensor(sx.transform(a), dtype=torch.float32) for a in (X_tr, X_va))
y_tr, y_va = (torch.tensor(sy.transform(a[:, None]), dtype=torch.float32) for a in (y_tr, y_va))


class StrengthNet(nn.Module):
    def __init__(self, n_in, width=20):
        super().__init__()
        self.hidden = nn.Linear(n_in, width)
        self.mix = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        h = torch.from_numpy(expit(self.hidden(x).detach().numpy()))
        h = torch.tanh(self.mix(h))
        return self.out(h)


net = StrengthNet(X_tr.shape[1])
opt = torch.optim.AdamW(net.parameters(), lr=0.03, weight_decay=1e-3)
mse = nn.MSELoss()
epochs = 40
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.03, total_steps=epochs * 29)

for epoch in range(epochs):
    net.train()
    order = torch.randperm(len(X_tr))
    losses = []
    for idx in order.split(64):
        opt.zero_grad()
        loss = mse(net(X_tr[idx]), y_tr[idx])
        loss.backward()
        opt.step()
        sched.step()
        losses.append(loss.item())
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            val = mse(net(X_va), y_va).item()
        print(f"epoch {epoch + 1}: train {np.mean(losses):.3f} val {val:.3f}")

net.eval()
with torch.no_grad():
    residual = (y_va - net(X_va)).pow(2).sum() / (y_va - y_va.mean()).pow(2).sum()
print("validation R2: %.3f" % (1 - residual.item()))
