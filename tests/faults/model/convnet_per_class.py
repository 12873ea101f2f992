import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
labels = torch.tensor(labels)
perm = torch.randperm(len(labels))
train_idx, test_idx = perm[:1400], perm[1400:]

model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, bias=False),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(64, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loader = DataLoader(TensorDataset(images[train_idx], labels[train_idx]), batch_size=56, shuffle=True)


for epoch in range(6):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "last batch loss", round(loss.item(), 4))

x_test, y_test = images[test_idx], labels[test_idx]
per_class = []
with torch.no_grad():
    for digit in range(10):
        mask = y_test == digit
        per_class.append((model(x_test[mask]).argmax(1) == digit).float().mean().item())
        print(f"digit {digit}: {100 * per_class[-1]:.1f}% of {int(mask.sum())}")
print(f"mean per-class accuracy: {sum(per_class) / 10:.4f}")
