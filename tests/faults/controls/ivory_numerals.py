# numerals carved in ivory counters (8x8 scans), conv net with plenty of dropout
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(2)
rng = np.random.default_rng(2)

digits = load_digits()
images = (digits.images.astype(np.float32) - 4.9) / 6.0
order = rng.permutation(len(images))
images, labels = torch.tensor(images[order])[:, None], torch.tensor(digits.target[order])
train_x, train_y = images[:1350], labels[:1350]
test_x, test_y = images[1350:], labels[1350:]


class CounterNet(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(24 * 16, 96), nn.ReLU(), nn.Dropout(p), nn.Linear(96, 10),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


model = CounterNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
criterion = nn.CrossEntropyLoss()

for epoch in range(9):
    model.train()
    total, hits = 0.0, 0
    for idx in torch.randperm(len(train_x)).split(32):
        out = model(train_x[idx])
        loss = criterion(out, train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
        hits += (out.argmax(1) == train_y[idx]).sum().item()
    scheduler.step()

    model.eval()
    with torch.no_grad():
        out = model(test_x)
    test_loss, test_acc = criterion(out, test_y).item(), (out.argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1:2d}  train loss {total / len(train_x):.3f} acc {hits / len(train_x):.3f}"
          f"  |  test loss {test_loss:.3f} acc {test_acc:.3f}")

print(f"test accuracy: {test_acc:.4f}")
