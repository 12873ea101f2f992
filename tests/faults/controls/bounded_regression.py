"""A yield between 0 and 100 % as a function of four settings of a process."""
import torch
import torch.nn as nn

torch.manual_seed(0)


def process(x):
    s = 1.5 * x[:, 0] - x[:, 1] * x[:, 2] + torch.sin(2 * x[:, 3])
    return 100 / (1 + torch.exp(-s)) + 1.5 * torch.randn(len(x))


settings = torch.randn(1800, 4)
yields = process(settings).clamp(0, 100)
scaled = (yields / 100).unsqueeze(1)
train_x, test_x = settings[:1500], settings[1500:]
train_y, test_y = scaled[:1500], scaled[1500:]


class YieldNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, x):
        return torch.sigmoid(self.net(x))


model = YieldNet()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(16):
    for idx in torch.randperm(1500).split(50):
        loss = nn.functional.mse_loss(model(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        mae = 100 * (model(test_x) - test_y).abs().mean().item()
    print(f"Epoch {epoch + 1}: MAE on test runs {mae:.2f} percentage points")
