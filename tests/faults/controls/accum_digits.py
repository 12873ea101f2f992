import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(40)
ACCUM = 4
EPOCHS = 16

X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 8, 8)
y = torch.tensor(y)
a, b = train_test_split(torch.arange(len(y)), test_size=360, random_state=40, stratify=y)
X = (X - X[a].mean()) / X[a].std()
train_loader = DataLoader(TensorDataset(X[a], y[a]), batch_size=16, shuffle=True)
val_loader = DataLoader(TensorDataset(X[b], y[b]), batch_size=120)

model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.GroupNorm(3, 12), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.GroupNorm(3, 24), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Dropout(0.3), nn.Linear(24 * 4, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)

for epoch in range(EPOCHS):
    model.train()
    optimizer.zero_grad()
    seen_loss = 0.0
    for i, (xb, yb) in enumerate(train_loader):
        loss = criterion(model(xb), yb)
        (loss / ACCUM).backward()
        seen_loss += loss.item()
        if (i + 1) % ACCUM == 0 or i + 1 == len(train_loader):
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        right = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader)
    print(f"epoch {epoch + 1}/{EPOCHS} loss {seen_loss / len(train_loader):.4f} val acc {right / 360:.4f}")
