import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

SIZE = 16


def draw_beetles(n, seed=0):
    """Small RGB photos, stored the way an image reader gives them (rows, columns, colour)."""
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:SIZE, 0:SIZE]
    photos = np.empty((n, SIZE, SIZE, 3), dtype=np.uint8)
    labels = rng.integers(0, 6, n)
    for i, k in enumerate(labels):
        angle = (k % 3) * np.pi / 3 + rng.normal(0, 0.15)
        cx, cy = rng.uniform(5, 11, 2)
        u = (xx - cx) * np.cos(angle) + (yy - cy) * np.sin(angle)
        v = -(xx - cx) * np.sin(angle) + (yy - cy) * np.cos(angle)
        body = np.exp(-(u / 4.5) ** 2 - (v / 1.6) ** 2)
        wing = np.array([0.9, 0.45, 0.3]) if k < 3 else np.array([0.45, 0.9, 0.3])
        img = 0.35 + 0.5 * body[..., None] * wing + rng.normal(0, 0.12, (SIZE, SIZE, 3))
        photos[i] = np.clip(255 * img, 0, 255)
    return photos, labels


class BeetleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(24, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Linear(24, 6)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


torch.manual_seed(0)
photos, labels = draw_beetles(2000)
images = torch.from_numpy(photos).float() / 255
images = (images - images.mean()) / images.std()
images = images.view(-1, 3, SIZE, SIZE)
dataset = TensorDataset(images, torch.from_numpy(labels))
train_set, val_set = random_split(dataset, [1500, 500], generator=torch.Generator().manual_seed(1))
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
val_loader = DataLoader(val_set, batch_size=250)

model = BeetleCNN()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.3)

for epoch in range(10):
    model.train()
    train_loss = 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() / len(train_loader)
    scheduler.step()
    model.eval()
    val_loss, correct = 0, 0
    with torch.no_grad():
        for x, y in val_loader:
            out = model(x)
            val_loss += criterion(out, y).item() / len(val_loader)
            correct += (out.argmax(1) == y).sum().item()
    print(f"Epoch {epoch+1}: train_loss={train_loss:.4f} val_loss={val_loss:.4f} val_acc={correct/len(val_set):.4f}")

print(f"Done. Validation accuracy {correct/len(val_set):.4f}")
