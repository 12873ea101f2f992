"""One pass over a stream of sensor readings: each reading is used for a single update and never seen again."""
import torch
import torch.nn as nn

torch.manual_seed(44)


def stream(n):
    for _ in range(n):
        x = torch.randn(6)
        y = torch.sin(1.5 * x[0]) + 0.6 * x[1] - 0.4 * x[3].abs() + 0.3 + 0.4 * torch.randn(())
        yield x, y


class Online(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 48), nn.LayerNorm(48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(),
                                 nn.Linear(48, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


model = Online()
steps = 6000
opt = torch.optim.SGD(model.parameters(), lr=0.05)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: max(0.02, 1 - s / steps))
smooth = None
for step, (x, y) in enumerate(stream(steps), 1):
    loss = nn.functional.smooth_l1_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    smooth = loss.item() if smooth is None else 0.995 * smooth + 0.005 * loss.item()
    if step % 1000 == 0:
        print(f"reading {step}: smoothed loss {smooth:.4f}")

model.eval()
with torch.no_grad():
    x, y = (torch.stack(t) for t in zip(*stream(1500)))
    r2 = 1 - ((model(x) - y) ** 2).mean() / y.var()
print(f"R2 on the next 1500 readings: {r2.item():.4f}")
