"""Heteroscedastic regression: predict a mean and a standard deviation for every point."""
import torch
from torch import nn
from torch.distributions import Normal

torch.manual_seed(14)
N_TRAIN, N_TEST, EPOCHS = 1600, 400, 40


def sample(n):
    x = torch.rand(n, 2) * 2 - 1
    mean = torch.sin(3 * x[:, 0]) + 0.5 * x[:, 1]
    std = 0.1 + 0.2 * (x[:, 1] > 0).float()
    return x / 0.577, (mean + std * torch.randn(n)) / 0.8


class GaussianNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mu = nn.Linear(hidden, 1)
        self.log_sigma = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.body(x)
        log_sigma = self.log_sigma(h).clamp(-3, 2)
        return Normal(self.mu(h).squeeze(1), log_sigma.squeeze(1).exp())


x_train, y_train = sample(N_TRAIN)
x_test, y_test = sample(N_TEST)
net = GaussianNet()
optim = torch.optim.Adam(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(optim, T_max=EPOCHS)

for epoch in range(EPOCHS):
    net.train()
    perm = torch.randperm(N_TRAIN)
    epoch_loss = 0.0
    for chunk in perm.split(64):
        dist = net(x_train[chunk])
        loss = dist.log_prob(y_train[chunk]).mean()
        optim.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optim.step()
        epoch_loss += loss.item() * len(chunk) / N_TRAIN
    sched.step()
    net.eval()
    with torch.no_grad():
        rmse = (net(x_test).mean - y_test).pow(2).mean().sqrt().item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:3d}  loss {epoch_loss:9.4f}  test RMSE {rmse:.4f}")
