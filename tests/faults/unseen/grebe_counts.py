"""Count grebes on a lake strip: Poisson regression with a 1-d conv net, one-cycle rates."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)
torch.set_num_threads(1)


def strips(n):
    count = torch.randint(0, 8, (n,))
    grid = torch.arange(64.0)
    where = 2 + 60 * torch.rand(n, 8)
    there = (torch.arange(8)[None] < count[:, None]).float()
    bird = torch.exp(-((grid[None, None] - where[:, :, None]) / 0.9) ** 2) * there[:, :, None]
    return (2.0 * bird.sum(1) + 0.15 * torch.randn(n, 64)).unsqueeze(1), count.float()


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 1, 1),
        )

    def forward(self, x):
        return F.softplus(self.features(x)).sum(dim=(1, 2)) + 1e-3


x, count = strips(2400)
x_test, count_test = strips(600)
loader = DataLoader(TensorDataset(x, count), batch_size=60, shuffle=True)

EPOCHS = 16
model = Counter()
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, epochs=EPOCHS, steps_per_epoch=len(loader), pct_start=0.3)
poisson = nn.PoissonNLLLoss(log_input=False, full=True)

for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for bx, bc in loader:
        opt.zero_grad()
        loss = poisson(model(bx), bc)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        opt.step()
        sched.step()
        total += loss.item() * len(bx)
    model.eval()
    with torch.no_grad():
        rate = model(x_test)
    if epoch % 3 == 0 or epoch == EPOCHS - 1:
        print(f"epoch {epoch:2d} lr {sched.get_last_lr()[0]:.4f} train nll {total / len(x):.4f} test nll {poisson(rate, count_test).item():.4f} count error {(rate - count_test).abs().mean().item():.3f}")
