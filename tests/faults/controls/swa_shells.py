import numpy as np
import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(88)
rng = np.random.default_rng(88)


def outlines(n):
    """64 radii around the outline of a shell, turned at random; four kinds of shell"""
    kind = rng.integers(0, 4, n)
    a = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    r = np.empty((n, 64))
    for i, k in enumerate(kind):
        turn = rng.uniform(0, 2 * np.pi)
        if k == 0:
            shape = 0.8 * np.cos(2 * (a - turn))
        elif k == 1:
            shape = 0.8 * np.abs(np.cos(1.5 * (a - turn)))
        elif k == 2:
            shape = 0.5 * np.cos(2 * (a - turn)) + 0.4 * np.cos(5 * (a - turn))
        else:
            shape = ((a - turn) % (2 * np.pi)) / 4
        r[i] = shape + rng.normal(0, 0.8, 64)
    r = (r - r.mean()) / r.std()
    return torch.tensor(r[:, None], dtype=torch.float32), torch.tensor(kind)


class ShellNet(nn.Module):
    def __init__(self):
        super().__init__()
        ring = dict(padding=2, padding_mode="circular", bias=False)
        self.net = nn.Sequential(
            nn.Conv1d(1, 16, 5, **ring), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 5, **ring), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(24, 32, 5, **ring), nn.BatchNorm1d(32), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
            nn.Linear(32, 4))

    def forward(self, x):
        return self.net(x)


def score(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    return nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


x, y = outlines(2600)
x_test, y_test = outlines(600)
loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
model = ShellNet()
averaged = AveragedModel(model)
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
swa_sched = SWALR(opt, swa_lr=0.005, anneal_epochs=3)
SWA_START, EPOCHS = 6, 12
for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(yb)
    if epoch >= SWA_START:
        averaged.update_parameters(model)
        swa_sched.step()
    test_loss, test_acc = score(model, x_test, y_test)
    print(f"epoch {epoch} lr {opt.param_groups[0]['lr']:.3f} train {total / len(x):.4f} test {test_loss:.4f} acc {test_acc:.4f}")

update_bn(loader, averaged)
swa_loss, swa_acc = score(averaged, x_test, y_test)
print(f"averaged weights: loss {swa_loss:.4f} accuracy {swa_acc:.4f}")
