# Significant wave height behind a breakwater as a smooth function of five sea-state
# variables.  Random Fourier features: the cosine basis is drawn once and stays put, only
# the linear read-out is learned (the harbour office wants the error bars of the linear model).
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 91
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)


class FourierBasis(nn.Module):
    def __init__(self, n_in, n_basis, length):
        super().__init__()
        self.proj = nn.Linear(n_in, n_basis)
        nn.init.normal_(self.proj.weight, std=1.0 / length)
        nn.init.uniform_(self.proj.bias, 0.0, 2 * np.pi)
        for p in self.proj.parameters():
            p.requires_grad_(False)
        self.n_basis = n_basis

    def forward(self, x):
        return (2.0 / self.n_basis) ** 0.5 * torch.cos(self.proj(x)) * 8.0


def sea_states(n):
    x = rng.normal(size=(n, 5))
    centres = np.random.default_rng(3).normal(size=(25, 5))
    heights = np.random.default_rng(4).normal(size=25)
    d2 = ((x[:, None] - centres) ** 2).sum(-1)
    f = (heights * np.exp(-d2 / (2 * 2.5 ** 2))).sum(1) * 3 + 0.8 * x[:, 0]
    y = f + 0.25 * f.std() * rng.normal(size=n)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


x, y = sea_states(6000)
y = ((y - y[:5000].mean()) / y[:5000].std()).unsqueeze(1)
train = DataLoader(TensorDataset(x[:5000], y[:5000]), batch_size=100, shuffle=True)

model = nn.Sequential(FourierBasis(5, 400, length=3.0), nn.Linear(400, 1))
trainable = [p for p in model.parameters() if p.requires_grad]
print(f"{sum(p.numel() for p in trainable)} of {sum(p.numel() for p in model.parameters())} numbers are learned")
opt = torch.optim.Adam(trainable, lr=1e-2)
EPOCHS = 24
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda e: max(0.01, 1 - e / EPOCHS))

for epoch in range(EPOCHS):
    acc = 0.0
    for xb, yb in train:
        loss = nn.functional.mse_loss(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc += loss.item() / len(train)
    sched.step()
    if epoch % 4 == 3:
        with torch.no_grad():
            r2 = 1 - nn.functional.mse_loss(model(x[5000:]), y[5000:]) / y[5000:].var()
        print(f"{epoch + 1:4d} | train mse {acc:.4f} | val R2 {r2:.4f}")
print(f"val R2 at the end {r2:.4f} (noise allows about 0.94)")
