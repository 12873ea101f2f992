import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset

torch.manual_seed(0)
np.random.seed(0)

digits = load_digits()
images = (digits.images.astype(np.float32) - digits.images.mean()) / digits.images.std()


def load_folder(digit):
    """All scans of one digit, split 75/25."""
    scans = torch.from_numpy(images[digits.target == digit]).float().unsqueeze(1)
    scans = scans[torch.randperm(len(scans))]
    labels = torch.full((len(scans),), digit)
    cut = int(0.75 * len(scans))
    return TensorDataset(scans[:cut], labels[:cut]), TensorDataset(scans[cut:], labels[cut:])


folders = [load_folder(d) for d in range(10)]
train_set = ConcatDataset([tr for tr, _ in folders])
test_set = ConcatDataset([te for _, te in folders])
train_loader = DataLoader(train_set, batch_size=16)
test_loader = DataLoader(test_set, batch_size=128)

model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(24 * 4, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

for epoch in range(15):
    model.train()
    train_loss = 0.0
    for scans, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(scans), labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * labels.size(0)

    model.eval()
    test_loss, correct = 0.0, 0
    with torch.no_grad():
        for scans, labels in test_loader:
            logits = model(scans)
            test_loss += criterion(logits, labels).item() * labels.size(0)
            correct += (logits.argmax(dim=1) == labels).sum().item()
    print("epoch {:2d}: train loss {:.4f}, test loss {:.4f}, test acc {:.2f}%".format(
        epoch + 1, train_loss / len(train_set), test_loss / len(test_set), 100.0 * correct / len(test_set)))

print("Accuracy on the test scans: {:.2f}%".format(100.0 * correct / len(test_set)))
