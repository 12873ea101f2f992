import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


def make_signals(n):
    """Three kinds of waves with a random phase, plus noise."""
    t = torch.linspace(0, 1, 32)
    kind = torch.randint(0, 3, (n,))
    freq = 2.0 + kind.float()
    phase = torch.rand(n, 1) * 6.2832
    x = torch.sin(6.2832 * freq[:, None] * t + phase) + 0.3 * torch.randn(n, 32)
    return x, kind


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.lin1 = nn.Linear(dim, dim)
        self.lin2 = nn.Linear(dim, dim)
        for lin in (self.lin1, self.lin2):
            nn.init.kaiming_normal_(lin.weight, nonlinearity="linear")

    def forward(self, x):
        return x + self.lin2(F.relu(self.lin1(x)))


class ResMLP(nn.Module):
    def __init__(self, dim=32, depth=16, classes=3):
        super().__init__()
        self.blocks = nn.ModuleList([Block(dim) for _ in range(depth)])
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


x_train, y_train = make_signals(1500)
x_test, y_test = make_signals(500)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=50, shuffle=True)
model = ResMLP()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(6):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(x_test).argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} test acc {acc:.3f}")
