"""Remaining life of a cutting tool from a vibration trace (1-D convolutions)."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(77)


def traces(n, length=96):
    wear = torch.rand(n)
    t = torch.linspace(0, 1, length)
    phase = 6.28 * torch.rand(n, 1)
    carrier = torch.sin(2 * 3.1416 * (6 + 5 * wear[:, None]) * t + phase)
    chatter = wear[:, None] ** 2 * torch.sin(2 * 3.1416 * 21 * t + 2 * phase)
    x = carrier + 1.2 * chatter + 0.6 * torch.randn(n, length)
    return x.unsqueeze(1), (wear - 0.5) / 0.2887


class ConvBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv1d(cin, cout, 7, padding=3)
        self.norm = nn.GroupNorm(4, cout)

    def forward(self, x):
        return F.max_pool1d(F.leaky_relu(self.norm(self.conv(x)), 0.1), 2)


class WearNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(ConvBlock(1, 16), ConvBlock(16, 32), ConvBlock(32, 32))
        self.regressor = nn.Linear(32, 1)

    def forward(self, x):
        return self.regressor(self.blocks(x).mean(-1)).flatten()


class Trainer:
    def __init__(self, model, lr=0.02, l2=0.07):
        self.model, self.l2 = model, l2
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def penalty(self):
        return sum((p ** 2).sum() for p in self.model.parameters())

    def fit(self, x, y, x_val, y_val, epochs=16, batch=64):
        sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)
        for epoch in range(epochs):
            self.model.train()
            fit_loss = 0.0
            for rows in torch.randperm(len(x)).split(batch):
                mse = F.mse_loss(self.model(x[rows]), y[rows])
                loss = mse + self.l2 * self.penalty()
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                fit_loss += mse.item() * len(rows) / len(x)
            sched.step()
            print(f"epoch {epoch + 1:2d}  mse {fit_loss:.4f}  val {self.evaluate(x_val, y_val):.4f}")

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        return F.mse_loss(self.model(x), y).item()


if __name__ == "__main__":
    x, y = traces(2000)
    x_val, y_val = traces(600)
    trainer = Trainer(WearNet())
    trainer.fit(x, y, x_val, y_val)
    print(f"val mse = {trainer.evaluate(x_val, y_val):.5f}")
