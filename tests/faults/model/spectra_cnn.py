import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)
gen = np.random.default_rng(27)

CENTRES = gen.uniform(8, 56, (5, 2))


def spectra(n):
    """Two-peak spectra of five substances, with a shift, a varying width and noise."""
    grid = np.arange(64)
    kind = gen.integers(0, 5, n)
    c = CENTRES[kind] + gen.normal(0, 1.5, (n, 2))
    w = gen.uniform(1.5, 3.5, (n, 1, 1))
    s = np.exp(-0.5 * ((grid - c[:, :, None]) / w) ** 2).sum(1) + gen.normal(0, 0.35, (n, 64))
    s = (s - 0.18) / 0.45
    return TensorDataset(torch.tensor(s, dtype=torch.float32)[:, None], torch.tensor(kind))


class SpectraCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(1, 8, 7, stride=2, padding=3), nn.LeakyReLU(0.1),
            nn.Conv1d(8, 16, 5, stride=2, padding=2), nn.LeakyReLU(0.1),
        )
        self.fc = nn.Linear(16 * 16, 5)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


NUM_EPOCHS = 3
train_loader = DataLoader(spectra(2400), batch_size=60, shuffle=True)
val_loader = DataLoader(spectra(600), batch_size=300)
model = SpectraCNN()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()

for epoch in range(NUM_EPOCHS):
    model.train()
    for i, (x, y) in enumerate(train_loader):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % 20 == 0:
            print(f"epoch {epoch + 1} [{i:3d}/{len(train_loader)}] loss {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        acc = np.mean([(model(x).argmax(1) == y).float().mean().item() for x, y in val_loader])
    print(f"epoch {epoch + 1} validation accuracy {acc:.4f}")
