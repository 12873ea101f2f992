import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

ap = argparse.ArgumentParser()
ap.add_argument("--codes", type=int, default=12)
ap.add_argument("--values", type=int, default=8)
ap.add_argument("--epochs", type=int, default=35)
ap.add_argument("--lr", type=float, default=3e-3)
cfg = ap.parse_args()
torch.manual_seed(14)


class HardSample(nn.Module):
    """one-hot samples forwards, soft gradient backwards"""

    def forward(self, logits, tau):
        if self.training:
            u = torch.rand_like(logits).clamp(1e-6, 1 - 1e-6)
            soft = torch.softmax((logits - torch.log(-torch.log(u))) / tau, -1)
        else:
            soft = torch.softmax(logits, -1)
        hard = F.one_hot(soft.argmax(-1), logits.size(-1)).float()
        return hard - soft.detach() + soft


class StampCoder(nn.Module):
    def __init__(self, codes, values):
        super().__init__()
        self.codes, self.values = codes, values
        self.enc = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, codes * values))
        self.sample = HardSample()
        self.dec = nn.Sequential(nn.Linear(codes * values, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x, tau=1.0):
        logits = self.enc(x).view(-1, self.codes, self.values)
        return self.dec(self.sample(logits, tau).flatten(1)), logits


x = torch.tensor(load_digits().data, dtype=torch.float32)
x = x[torch.randperm(len(x))]
x = (x - x[:1400].mean()) / x[:1400].std()
train, test = x[:1400], x[1400:]
net = StampCoder(cfg.codes, cfg.values)
opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs, eta_min=2e-4)
for epoch in range(cfg.epochs):
    tau = max(0.5, 1.0 - 0.02 * epoch)
    net.train()
    total = 0.0
    for rows in torch.randperm(len(train)).split(50):
        out, _ = net(train[rows], tau)
        loss = F.mse_loss(out, train[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(rows)
    sched.step()
    net.eval()
    with torch.no_grad():
        out, logits = net(test)
        mse = F.mse_loss(out, test).item()
        used = logits.argmax(-1).flatten().bincount(minlength=cfg.values).gt(0).sum().item()
    if epoch % 3 == 1:
        print(f"epoch {epoch:2d} tau {tau:.2f} train {total / len(train):.4f} test {mse:.4f} values in use {used}")
print(f"test reconstruction error {mse:.4f}")
