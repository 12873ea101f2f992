import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset


class DigitFolders(Dataset):
    """As if read from one folder per digit."""

    def __init__(self, train=True):
        data = load_digits()
        x = torch.tensor(data.data / 16 - 0.3, dtype=torch.float32)
        y = torch.tensor(data.target)
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
        x, y = x[order], y[order]
        self.samples = []
        for digit in range(10):
            items = [(x[i], digit) for i in torch.nonzero(y == digit).flatten().tolist()]
            self.samples += items[:130] if train else items[130:]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


torch.manual_seed(0)
train_loader = DataLoader(DigitFolders(train=True), batch_size=16)
test_loader = DataLoader(DigitFolders(train=False), batch_size=100)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)

for epoch in range(20):
    model.train()
    epoch_loss, count = 0.0, 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(y)
        count += len(y)
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x).argmax(1) == y).sum().item()
    print(f"Epoch {epoch + 1}\tloss {epoch_loss / count:.4f}\taccuracy {correct / len(test_loader.dataset):.4f}")
