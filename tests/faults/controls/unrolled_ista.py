"""Learned ISTA: one pair of matrices, applied for several iterations, recovers sparse sources from few microphones."""
import torch
import torch.nn as nn

torch.manual_seed(71)
SOURCES, MICS, ROUNDS = 40, 24, 8
mixing = torch.randn(MICS, SOURCES) / MICS ** 0.5


def scene(n):
    s = torch.randn(n, SOURCES) * (torch.rand(n, SOURCES) < 0.1)
    return s @ mixing.T + 0.02 * torch.randn(n, MICS), s


class Lista(nn.Module):
    def __init__(self):
        super().__init__()
        step = 1.0 / torch.linalg.matrix_norm(mixing, 2) ** 2
        self.into = nn.Parameter(step * mixing.T.clone())
        self.again = nn.Parameter(torch.eye(SOURCES) - step * mixing.T @ mixing)
        self.theta = nn.Parameter(torch.full((ROUNDS, 1), 0.05))

    def forward(self, x):
        drive = x @ self.into.T
        s = torch.zeros_like(drive)
        for k in range(ROUNDS):
            z = drive + s @ self.again.T
            s = torch.sign(z) * torch.relu(z.abs() - self.theta[k])
        return s


model = Lista()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1500)
x_test, s_test = scene(1000)
power = s_test.pow(2).mean()
for step in range(1500):
    x, s = scene(64)
    loss = (model(x) - s).pow(2).mean() / power
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 300 == 299:
        with torch.no_grad():
            test = ((model(x_test) - s_test).pow(2).mean() / power).item()
        print(f"step {step + 1}: loss {loss.item():.4f}  test {test:.4f}")
print(f"normalised recovery error {test:.4f}")
