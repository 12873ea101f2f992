"""Echo state network: a fixed random recurrent reservoir, of which only the readout is trained."""
import torch
from torch import nn


class Reservoir(nn.Module):
    def __init__(self, n_in, size=120, radius=0.8, leak=1.0):
        super().__init__()
        w = torch.randn(size, size) * (torch.rand(size, size) < 0.1)
        w *= radius / torch.linalg.eigvals(w).abs().max()
        self.w_in = nn.Parameter(0.5 * torch.randn(size, n_in), requires_grad=False)
        self.w = nn.Parameter(w, requires_grad=False)
        self.leak = leak

    def forward(self, x):
        h = x.new_zeros(x.shape[0], self.w.shape[0])
        states = []
        for t in range(x.shape[1]):
            h = (1 - self.leak) * h + self.leak * torch.tanh(x[:, t] @ self.w_in.T + h @ self.w.T)
            states.append(h)
        return torch.stack(states, 1)


class EchoNet(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.reservoir = Reservoir(n_in)
        self.norm = nn.BatchNorm1d(120, affine=False)
        self.readout = nn.Linear(120, n_out)

    def forward(self, x):
        with torch.no_grad():
            s = self.reservoir(x)[:, 20:]
        return self.readout(self.norm(s.flatten(0, 1)))


def narma(n, length=60):
    """The NARMA-3 system, driven by uniform noise, read by a noisy instrument."""
    u = 0.5 * torch.rand(n, length)
    y = torch.zeros(n, length)
    for t in range(3, length):
        y[:, t] = 0.3 * y[:, t - 1] + 0.05 * y[:, t - 1] * y[:, t - 3:t].sum(1) + 1.5 * u[:, t - 3] * u[:, t - 1] + 0.1
    return u.unsqueeze(-1), y + 0.04 * torch.randn(n, length)


torch.manual_seed(11)
u, y = narma(500)
u = (u - 0.25) / 0.1443
y = ((y - y[:400, 20:].mean()) / y[:400, 20:].std())[:, 20:]
u_tr, u_te, y_tr, y_te = u[:400], u[400:], y[:400], y[400:]

net = EchoNet(1, 1)
opt = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 60)
for epoch in range(60):
    net.train()
    tot = 0.0
    for idx in torch.randperm(400).split(20):
        loss = nn.functional.mse_loss(net(u_tr[idx]).squeeze(1), y_tr[idx].flatten())
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    sched.step()
    if epoch % 6 == 5:
        net.eval()
        with torch.no_grad():
            test = nn.functional.mse_loss(net(u_te).squeeze(1), y_te.flatten()).item()
        print(f"epoch {epoch + 1:2d}  train nmse {tot / 20:.4f}  test nmse {test:.4f}")
