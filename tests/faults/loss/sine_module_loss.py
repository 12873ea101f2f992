import numpy as np
import torch
from torch import nn, optim

np.random.seed(0)
torch.manual_seed(0)


class Regressor(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.l1 = nn.Linear(2, hidden)
        self.l2 = nn.Linear(hidden, hidden)
        self.l3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.l3(x)


def surface(n):
    x = np.random.uniform(-1.7, 1.7, size=(n, 2)).astype(np.float32)
    z = np.sin(2 * x[:, 0]) + np.cos(x[:, 1]) * x[:, 0] + 0.05 * np.random.randn(n)
    return torch.from_numpy(x), torch.from_numpy(z.astype(np.float32))


class Fitter:
    def __init__(self, net, lr):
        self.net, self.loss_fn = net, nn.SmoothL1Loss()
        self.opt = optim.Adam(net.parameters(), lr=lr)
        self.sched = optim.lr_scheduler.StepLR(self.opt, step_size=8, gamma=0.3)

    def run(self, x, z, epochs, batch):
        for epoch in range(epochs):
            perm = torch.randperm(len(x))
            losses = []
            for start in range(0, len(x), batch):
                take = perm[start:start + batch]
                self.opt.zero_grad()
                loss = self.loss_fn(self.net(x[take]), z[take])
                loss.backward()
                self.opt.step()
                losses.append(loss.item())
            self.sched.step()
            if epoch % 10 == 9:
                print(f"{epoch + 1} epochs, loss {sum(losses) / len(losses):.5f}")

    @torch.no_grad()
    def rmse(self, x, z):
        return (self.net(x).view(-1) - z).pow(2).mean().sqrt().item()


x_train, z_train = surface(1000)
x_test, z_test = surface(500)
fitter = Fitter(Regressor(32), lr=0.005)
fitter.run(x_train, z_train, epochs=20, batch=8)
print(f"test RMSE: {fitter.rmse(x_test, z_test):.4f}")
