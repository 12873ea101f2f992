import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(17)


class Surface(Dataset):
    """z = f(x, y) sampled at random points with a little sensor noise."""

    def __init__(self, n):
        self.xy = torch.rand(n, 2) * 2 - 1
        x, y = self.xy[:, 0], self.xy[:, 1]
        z = torch.sin(3 * x) * torch.cos(2 * y) + 0.8 * x - 0.6 * y ** 2 + 0.2
        self.z = ((z + 0.02 * torch.randn(n)) / 0.85).unsqueeze(1)
        self.xy = self.xy / 0.577

    def __len__(self):
        return len(self.z)

    def __getitem__(self, i):
        return self.xy[i], self.z[i]


class SurfaceNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.l1 = nn.Linear(2, width)
        self.l2 = nn.Linear(width, width)
        self.l3 = nn.Linear(width, 1)

    def forward(self, p):
        p = torch.tanh(self.l1(p))
        p = torch.tanh(self.l2(p))
        return self.l3(p)


train_dl = DataLoader(Surface(1500), batch_size=50, shuffle=True)
val_dl = DataLoader(Surface(500), batch_size=500)
net = SurfaceNet(width=2)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=15, gamma=0.3)
criterion = nn.MSELoss()

for epoch in range(60):
    net.train()
    run = 0.0
    for p, z in train_dl:
        optimizer.zero_grad()
        loss = criterion(net(p), z)
        loss.backward()
        optimizer.step()
        run += loss.item()
    scheduler.step()
    net.eval()
    with torch.no_grad():
        rmse = sum(criterion(net(p), z).item() for p, z in val_dl) ** 0.5
    if epoch % 6 == 5:
        print(f"{epoch + 1:3d}: train mse {run / len(train_dl):.5f}  val rmse {rmse:.5f}")
print(f"RMSE {rmse:.5f}")
