"""Name the locomotive class from a short clip of its whistle (residual 1-d convolutions)."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CLASSES, SAMPLES = 8, 96


def whistles(n, rng):
    kind = rng.integers(0, CLASSES, n)
    t = np.arange(SAMPLES) / SAMPLES
    chime = np.array([[5, 9], [5, 11], [6, 9], [6, 13], [7, 11], [7, 15], [8, 12], [8, 17]], dtype=float)
    f = chime[kind] + rng.normal(0, 0.32, (n, 2))
    phase = rng.uniform(0, 2 * np.pi, (n, 2))
    amp = rng.uniform(0.6, 1.2, (n, 2))
    wave = sum(amp[:, [k]] * np.sin(2 * np.pi * f[:, [k]] * t + phase[:, [k]]) for k in range(2))
    wave += rng.normal(0, 0.4, wave.shape)
    return torch.tensor(wave, dtype=torch.float32).unsqueeze(1), torch.tensor(kind)


class ResBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 5, padding=2)
        self.conv2 = nn.Conv1d(width, width, 5, padding=2)

    def forward(self, x):
        h = self.conv2(torch.relu(self.conv1(torch.relu(x))))
        return x + h


class WhistleNet(nn.Module):
    def __init__(self, width=16, depth=2):
        super().__init__()
        self.stem = nn.Conv1d(1, width, 9, stride=2, padding=4)
        self.blocks = [ResBlock(width) for _ in range(depth)]
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(torch.relu(x).mean(dim=2))


def run(epochs=9):
    torch.manual_seed(30)
    rng = np.random.default_rng(30)
    train_set, test_set = TensorDataset(*whistles(2400, rng)), TensorDataset(*whistles(600, rng))
    train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=200)
    model = WhistleNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=epochs * len(train_loader))
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        model.train()
        losses, hits = 0.0, 0
        for clip, kind in train_loader:
            out = model(clip)
            loss = loss_fn(out, kind)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses += loss.item() * len(kind)
            hits += (out.argmax(1) == kind).sum().item()
        model.eval()
        test_loss, test_hits = 0.0, 0
        with torch.no_grad():
            for clip, kind in test_loader:
                out = model(clip)
                test_loss += loss_fn(out, kind).item() * len(kind)
                test_hits += (out.argmax(1) == kind).sum().item()
        print(f"epoch {epoch}: train {losses / 2400:.4f}/{hits / 2400:.3f}  test {test_loss / 600:.4f}/{test_hits / 600:.3f}")
    print(f"test accuracy = {test_hits / 600:.4f}")


run()
