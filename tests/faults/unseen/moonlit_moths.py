"""Moths at a light trap: log catch from moon, temperature, wind and hour. Nights vary a lot."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
torch.set_num_threads(1)

NOISE = 0.9


def nights(n):
    moon, temp, wind, hour = torch.rand(4, n) * 2 - 1
    mean = 1.0 * temp - 0.8 * moon.clamp(min=0) - 0.6 * wind ** 2 + 0.5 * torch.cos(2 * hour)
    return torch.stack([moon, temp, wind, hour], 1) * 1.7, (mean + NOISE * torch.randn(n)).unsqueeze(1)


x, y = nights(6000)
x_test, y_test = nights(2000)
loader = DataLoader(TensorDataset(x, y), batch_size=120, shuffle=True)

model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
mse = nn.MSELoss()

for epoch in range(25):
    model.train()
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(xb)
    scheduler.step()
    if epoch % 5 == 4:
        model.eval()
        with torch.no_grad():
            pred = model(x_test)
            test = mse(pred, y_test).item()
            r2 = 1 - test / y_test.var().item()
        print(f"epoch {epoch + 1:2d} train {running / len(x):.4f} test mse {test:.4f} r2 {r2:.3f}")
