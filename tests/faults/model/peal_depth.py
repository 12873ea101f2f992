"""Strike note of a bell (MIDI-like number, standardised) from its partials, with a deep tanh regressor."""
import argparse
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int, default=14)
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=24)
parser.add_argument("--lr", type=float, default=0.03)
opts = parser.parse_args()


class DeepRegressor(nn.Module):
    def __init__(self, n_in, width, depth):
        super().__init__()
        self.inp = nn.Linear(n_in, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        h = torch.tanh(self.inp(x))
        for layer in self.hidden:
            h = torch.tanh(layer(h))
        return self.out(h).squeeze(-1)


def bells(n, gen):
    x = torch.randn(n, 6, generator=gen)
    y = torch.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.7 * x[:, 3] - 0.4 * x[:, 4] ** 2
    return x, y + 0.15 * torch.randn(n, generator=gen)


torch.manual_seed(9)
gen = torch.Generator().manual_seed(90)
x_train, y_train = bells(4000, gen)
x_test, y_test = bells(1000, gen)
centre, spread = y_train.mean(), y_train.std()
y_train, y_test = (y_train - centre) / spread, (y_test - centre) / spread

model = DeepRegressor(6, opts.width, opts.depth)
optimizer = torch.optim.SGD(model.parameters(), lr=opts.lr, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, opts.epochs)
loss_fn = nn.MSELoss()
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)

for epoch in range(opts.epochs):
    model.train()
    total = 0.0
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test = loss_fn(model(x_test), y_test).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:3d}  train {total / len(x_train):.4f}  test {test:.4f}")
print(f"R2 on the test bells: {1 - test / y_test.var().item():.4f}")
