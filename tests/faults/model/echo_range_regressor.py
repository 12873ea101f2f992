import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)


def pings(n):
    """Sonar returns: the echo's delay and width encode range and bottom hardness."""
    t = torch.linspace(0, 1, 64)
    rng_ = torch.rand(n, 1) * 0.7 + 0.15
    hard = torch.rand(n, 1)
    echo = (0.6 + 0.8 * hard) * torch.exp(-((t - rng_) / (0.03 + 0.05 * hard)) ** 2)
    x = echo + 0.15 * torch.randn(n, 64)
    target = torch.cat([(rng_ - 0.5) / 0.2, (hard - 0.5) / 0.29], dim=1)
    return (x - 0.1) / 0.3, target


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, 16, 7, stride=2, padding=3), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
        )

    def forward(self, x):
        return self.conv(x.unsqueeze(1)).flatten(1)


class EchoModel:
    def __init__(self, lr=2e-3):
        self.encoder = Encoder()
        self.head = nn.Sequential(nn.Linear(32 * 16, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 2))
        self.optimizer = torch.optim.Adam([*self.encoder.parameters(), *self.head.parameters()], lr=lr)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=5, gamma=0.4)
        self.loss = nn.SmoothL1Loss()

    def fit_epoch(self, loader):
        self.encoder.train()
        self.head.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = self.loss(self.head(self.encoder(x)), y)
            loss.backward()
            self.optimizer.step()
        self.scheduler.step()
        return loss.item()

    @torch.no_grad()
    def predict(self, x):
        self.encoder.eval()
        return self.head(self.encoder(x))


train_x, train_y = pings(3000)
val_x, val_y = pings(800)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=64, shuffle=True)
model = EchoModel()
for epoch in range(15):
    last = model.fit_epoch(loader)
    mse = (model.predict(val_x) - val_y).pow(2).mean().item()
    print(f"epoch {epoch + 1:2d}: batch loss {last:.4f}, val mse {mse:.4f}")
print(f"mean squared error on held-out pings: {mse:.4f}")
