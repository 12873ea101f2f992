# Mean and spread of the evening wind from four predictors: one network for each.
import math
import torch
from torch import nn

torch.manual_seed(13)


def weather(n):
    x = torch.rand(n, 4) * 2 - 1
    mean = torch.sin(2.5 * x[:, 0]) + 0.8 * x[:, 1] * x[:, 2]
    spread = torch.exp(-1.4 + 1.5 * x[:, 3] + 0.7 * torch.cos(3 * x[:, 0]))
    y = mean + spread * torch.randn(n)
    return x / 0.577, (y / 1.05).unsqueeze(1)


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.outer = nn.Linear(width, 1)

    def forward(self, x):
        return self.outer(self.inner(x))


def gaussian_nll(y, mu, log_sigma):
    return (log_sigma + 0.5 * ((y - mu) / log_sigma.exp()) ** 2).mean() + 0.5 * math.log(2 * math.pi)


mean_net, spread_net = MLP(32), MLP(16)
mean_opt = torch.optim.Adam(mean_net.parameters(), lr=2e-3)
spread_opt = torch.optim.Adam(spread_net.parameters(), lr=2e-3)
mse = nn.MSELoss()

x_train, y_train = weather(6000)
x_test, y_test = weather(1500)

for epoch in range(10):
    order = torch.randperm(len(x_train))
    m_sum = s_sum = 0.0
    for i in range(0, len(order), 50):
        x, y = x_train[order[i:i + 50]], y_train[order[i:i + 50]]
        mean_opt.zero_grad()
        spread_opt.zero_grad()

        mu = mean_net(x)
        mean_loss = mse(mu, y)
        mean_loss.backward()
        mean_opt.step()

        spread_loss = gaussian_nll(y, mu.detach(), spread_net(x))
        spread_opt.step()

        m_sum += mean_loss.item()
        s_sum += spread_loss.item()
    with torch.no_grad():
        nll = gaussian_nll(y_test, mean_net(x_test), spread_net(x_test)).item()
        test_mse = mse(mean_net(x_test), y_test).item()
    print(f"epoch {epoch + 1:2d}  mse {m_sum / 120:.4f}  nll {s_sum / 120:.4f}  test mse {test_mse:.4f}  test nll {nll:.4f}")

print(f"test negative log-likelihood {nll:.4f}")
