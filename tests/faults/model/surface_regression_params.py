"""Fit z = sin(2x) * cos(2y) with a hand-made two-layer network."""
import torch

torch.manual_seed(0)

N, H = 1500, 64
xy = torch.rand(N, 2) * 4 - 2
z = torch.sin(2 * xy[:, :1]) + 0.5 * torch.cos(3 * xy[:, 1:]) + 0.05 * torch.randn(N, 1)
xy_tr, z_tr = xy[:1200], z[:1200]
xy_te, z_te = xy[1200:], z[1200:]


class Net(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.W1 = torch.nn.Parameter(torch.full((2, hidden), 0.5))
        self.b1 = torch.nn.Parameter(torch.zeros(hidden))
        self.W2 = torch.nn.Parameter(torch.full((hidden, 1), 0.1))
        self.b2 = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        h = torch.tanh(x @ self.W1 + self.b1)
        return h @ self.W2 + self.b2


net = Net(H)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
mse = torch.nn.MSELoss()
for epoch in range(60):
    perm = torch.randperm(len(xy_tr))
    for i in range(0, len(perm), 100):
        idx = perm[i : i + 100]
        opt.zero_grad()
        loss = mse(net(xy_tr[idx]), z_tr[idx])
        loss.backward()
        opt.step()
    if (epoch + 1) % 10 == 0:
        with torch.no_grad():
            test = mse(net(xy_te), z_te).item()
        print("epoch", epoch + 1, "train mse %.4f" % loss.item(), "test mse %.4f" % test)
with torch.no_grad():
    r2 = 1 - ((net(xy_te) - z_te) ** 2).sum() / ((z_te - z_te.mean()) ** 2).sum()
print("R2 on held-out points: %.3f" % r2.item())
