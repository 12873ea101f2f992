import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


def click_trains(n, rng):
    """Hydrophone clips: four call types that differ in chirp direction and pulse shape."""
    clips, labels = [], []
    t = np.arange(40)
    for _ in range(n):
        kind = int(rng.integers(4))
        f0, f1 = [(0.08, 0.22), (0.22, 0.08), (0.14, 0.14), (0.08, 0.15)][kind]
        chirp = np.sin(2 * np.pi * (f0 * t + (f1 - f0) * t ** 2 / 80) + rng.uniform(0, 6.28))
        chirp = chirp * np.hanning(40)
        clip = 0.25 * rng.standard_normal(160)
        for _ in range(3):
            start = rng.integers(0, 120)
            clip[start:start + 40] += rng.uniform(0.8, 1.2) * chirp
        clips.append((clip - clip.mean()) / clip.std())
        labels.append(kind)
    return torch.tensor(np.array(clips), dtype=torch.float32).unsqueeze(1), torch.tensor(labels)


class CallClassifier(nn.Module):
    def __init__(self, filters=16, n_calls=4):
        super().__init__()
        self.conv1 = nn.Conv1d(1, filters, 11, padding=5)
        self.conv2 = nn.Conv1d(filters, filters, 11, padding=5, stride=2)
        self.norm = nn.LayerNorm(filters * 3)
        self.fc1 = nn.Linear(filters * 3, 32)
        self.fc2 = nn.Linear(32, n_calls)

    def forward(self, x):
        maps = F.relu(self.conv2(F.relu(self.conv1(x))))
        pooled = np.percentile(maps.detach().numpy(), [50, 75, 95], axis=2)
        summary = torch.from_numpy(pooled).float().permute(1, 2, 0).flatten(1)
        return self.fc2(F.relu(self.fc1(self.norm(summary))))


def accuracy(model, loader):
    model.eval()
    good = total = 0
    with torch.no_grad():
        for clip, call in loader:
            good += (model(clip).argmax(dim=1) == call).sum().item()
            total += len(call)
    return good / total


def main():
    torch.manual_seed(17)
    full = TensorDataset(*click_trains(2400, np.random.default_rng(17)))
    train_set, val_set = random_split(full, [2000, 400])
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True, drop_last=True)
    val_loader = DataLoader(val_set, batch_size=400)
    model = CallClassifier()
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    best = 0.0
    for epoch in range(12):
        model.train()
        for clip, call in train_loader:
            loss = F.cross_entropy(model(clip), call)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
        acc = accuracy(model, val_loader)
        best = max(best, acc)
        print(f"epoch {epoch:02d} loss {loss.item():.3f} val acc {acc:.3f}")
    print(f"best validation accuracy {best:.4f}")


if __name__ == "__main__":
    main()
