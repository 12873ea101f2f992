import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 60
HIDDEN = 128


def applicants(n, generator):
    x = torch.randn(n, 24, generator=generator)
    score = 1.2 * x[:, 0] - 1.0 * x[:, 1] + 0.8 * x[:, 2] + 0.8 * x[:, 3] * x[:, 4] - 0.6 * x[:, 5]
    default = torch.rand(n, generator=generator) < torch.sigmoid(1.3 * score)
    return x, default.float()


class Scorecard(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.head(self.layers(x)).squeeze(-1)


def run_epoch(model, loader, optimizer=None):
    model.train(optimizer is not None)
    total, n = 0.0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            loss = F.binary_cross_entropy_with_logits(model(x), y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(x)
            n += len(x)
    return total / n


torch.manual_seed(29)
g = torch.Generator().manual_seed(29)
train_loader = DataLoader(TensorDataset(*applicants(500, g)), batch_size=20, shuffle=True)
test_loader = DataLoader(TensorDataset(*applicants(2000, g)), batch_size=500)
model = Scorecard(24, HIDDEN)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
history = []
for epoch in range(EPOCHS):
    history.append((run_epoch(model, train_loader, optimizer), run_epoch(model, test_loader)))
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:3d}: train {history[-1][0]:.4f}  test {history[-1][1]:.4f}")

print(f"test loss at the end: {history[-1][1]:.4f}")
