import torch
import torch.nn as nn

torch.manual_seed(31)


def greenhouse(n):
    light, co2, temp, water = torch.rand(4, n) * 2 - 1
    growth = torch.tanh(1.5 * light) * (1 - temp ** 2) + 0.6 * torch.sin(2 * co2) + 0.5 * water * light
    return torch.stack([light, co2, temp, water], 1) * 1.73, (growth + 0.05 * torch.randn(n)) / 0.75


X, y = greenhouse(2000)
Xv, yv = greenhouse(500)


class GrowthNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 64)
        self.b = nn.Linear(64, 64)
        self.c = nn.Linear(64, 1)

    def forward(self, x):
        return self.c(torch.tanh(self.b(torch.tanh(self.a(x))))).squeeze(1)


net = GrowthNet()
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.995)

n_batches = 40
for epoch in range(1, 41):
    perm = torch.randperm(len(X))
    epoch_loss = 0.0
    for rows in perm.chunk(n_batches):
        opt.zero_grad()
        err = ((net(X[rows]) - y[rows]) ** 2).mean()
        err.backward()
        opt.step()
        epoch_loss += err.item() / n_batches
    with torch.no_grad():
        val = ((net(Xv) - yv) ** 2).mean().item()
    if epoch % 4 == 0:
        print(f"epoch {epoch:3d}: train mse {epoch_loss:.4f}, val mse {val:.4f}")

r2 = 1 - val / yv.var().item()
print(f"R2 on held-out trays: {r2:.4f}")
