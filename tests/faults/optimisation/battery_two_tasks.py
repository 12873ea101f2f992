"""State of charge (regression) and ageing class (3 classes) of a battery cell from one shared trunk."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)


def cells(n):
    x = torch.randn(n, 7)
    charge = torch.tanh(x[:, 0] + 0.6 * x[:, 1]) + 0.5 * torch.sin(1.5 * x[:, 2]) + 0.35 * x[:, 3] * x[:, 4]
    ageing = 0.8 * x[:, 5] + 0.5 * x[:, 6] ** 2 - 0.4 * x[:, 0]
    state = torch.bucketize(ageing + 0.1 * torch.randn(n), torch.tensor([-0.1, 0.75]))
    charge = charge + 0.1 * torch.randn(n)
    return x, (charge - 0.0) / 0.95, state


class TwoHeadNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(7, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.charge_head = nn.Sequential(nn.Linear(width, 32), nn.GELU(), nn.Linear(32, 1))
        self.state_head = nn.Linear(width, 3)

    def forward(self, x):
        h = self.trunk(x)
        return self.charge_head(h).squeeze(-1), self.state_head(h)


x, charge, state = cells(6000)
x_val, charge_val, state_val = cells(1500)
net = TwoHeadNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)

for epoch in range(30):
    net.train()
    perm = torch.randperm(len(x))
    for i in range(0, len(x), 100):
        b = perm[i:i + 100]
        charge_hat, state_hat = net(x[b])

        loss_charge = F.mse_loss(charge_hat, charge[b])
        loss_state = F.cross_entropy(state_hat, state[b])
        opt.zero_grad()
        loss_charge.backward(retain_graph=True)
        opt.zero_grad()
        loss_state.backward()
        opt.step()
    sched.step()

    net.eval()
    with torch.no_grad():
        c, s = net(x_val)
        mse = F.mse_loss(c, charge_val).item()
        acc = (s.argmax(1) == state_val).float().mean().item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d} | charge mse {mse:.4f} | state acc {acc:.4f}")

r2 = 1 - mse / charge_val.var(unbiased=False).item()
print(f"mean of charge R2 and state accuracy: {(r2 + acc) / 2:.4f}")
