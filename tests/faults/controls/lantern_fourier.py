"""Random Fourier features: fixed projections, only the read-out and its scale are trained."""
import math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_friedman1


class FourierFeatures(nn.Module):
    def __init__(self, n_in, n_out, bandwidth):
        super().__init__()
        self.projection = nn.Linear(n_in, n_out)
        nn.init.normal_(self.projection.weight, std=1 / bandwidth)
        nn.init.uniform_(self.projection.bias, 0, 2 * math.pi)
        for p in self.projection.parameters():
            p.requires_grad = False

    def forward(self, x):
        return math.sqrt(2) * torch.cos(self.projection(x))


class KernelMachine(nn.Module):
    def __init__(self, n_in, n_features=300, bandwidth=4.0):
        super().__init__()
        self.features = FourierFeatures(n_in, n_features, bandwidth)
        self.readout = nn.Linear(n_features, 1)

    def forward(self, x):
        return self.readout(self.features(x)).squeeze(-1)


def mse(model, x, y):
    model.eval()
    with torch.no_grad():
        return ((model(x) - y) ** 2).mean().item()


torch.manual_seed(15)
x, y = make_friedman1(n_samples=5000, n_features=5, noise=1.0, random_state=15)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
x = (x - x[:3500].mean(0)) / x[:3500].std(0)
y = (y - y[:3500].mean()) / y[:3500].std()
x_tr, y_tr, x_te, y_te = x[:3500], y[:3500], x[3500:], y[3500:]
loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=70, shuffle=True)
model = KernelMachine(x.shape[1])
opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1.5e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 40)
for epoch in range(40):
    model.train()
    for xb, yb in loader:
        loss = ((model(xb) - yb) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: train {mse(model, x_tr, y_tr):.4f} test {mse(model, x_te, y_te):.4f}")
print(f"test R2 = {1 - mse(model, x_te, y_te) / y_te.var().item():.4f}")
