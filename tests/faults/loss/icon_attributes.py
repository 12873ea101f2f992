"""Multi-label tagging of little 16x16 icons: which shapes does an icon show?"""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

TAGS = ["bar", "column", "dot", "frame", "diagonal", "cross"]


def draw(tag, img, rng):
    r, c = rng.integers(2, 13, 2)
    ink = rng.uniform(0.5, 1.0)
    if tag == "bar":
        img[r, c - 2:c + 4] += ink
    elif tag == "column":
        img[r - 2:r + 4, c] += ink
    elif tag == "dot":
        img[r:r + 2, c:c + 2] += ink
    elif tag == "frame":
        img[r - 2:r + 3, [c - 2, c + 2]] += ink
        img[[r - 2, r + 2], c - 1:c + 2] += ink
    elif tag == "diagonal":
        for k in range(-2, 3):
            img[r + k, c + k] += ink
    else:
        for k in range(-2, 3):
            img[r + k, c + k] += ink
            if k:
                img[r + k, c - k] += ink


class Icons(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.y = (rng.random((n, len(TAGS))) < 0.3).astype("float32")
        self.x = np.zeros((n, 1, 16, 16), dtype="float32")
        for img, tags in zip(self.x, self.y):
            for on, tag in zip(tags, TAGS):
                if on:
                    draw(tag, img[0], rng)
        self.x += rng.normal(0, 0.08, self.x.shape).astype("float32")
        self.x = (self.x - 0.1) / 0.27

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), torch.from_numpy(self.y[i])


class Tagger(nn.Module):
    def __init__(self, n_tags):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 24, 5, padding=2), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(24, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Linear(32, n_tags)

    def forward(self, x):
        h = self.features(x)
        return torch.sigmoid(self.head(h))


def evaluate(model, loader):
    model.eval()
    exact = seen = 0
    with torch.no_grad():
        for x, y in loader:
            probs = model(x)
            exact += ((probs > 0.5).float() == y).all(1).sum().item()
            seen += len(y)
    return exact / seen


torch.manual_seed(12)
train_loader = DataLoader(Icons(2500, 0), batch_size=64, shuffle=True)
test_loader = DataLoader(Icons(800, 1), batch_size=200)
model = Tagger(len(TAGS))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
for epoch in range(9):
    model.train()
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    scheduler.step()
    print(f"epoch {epoch + 1:2d}  loss {total / 2500:.4f}  exact match {evaluate(model, test_loader):.3f}")
print(f"all tags right: {evaluate(model, test_loader):.4f}")
