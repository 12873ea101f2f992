import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

train_tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.31,), (0.38,))])
test_tf = transforms.Compose([transforms.ToTensor()])


class Digits(Dataset):
    def __init__(self, train, transform):
        data = load_digits()
        rows = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(1)).numpy()
        rows = rows[:1300] if train else rows[1300:]
        self.images = (data.images[rows] / 16).astype("float32")
        self.targets = data.target[rows]
        self.transform = transform

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        return self.transform(self.images[i]), int(self.targets[i])


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        x = torch.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc2(x)


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(Digits(True, train_tf), batch_size=50, shuffle=True)
    test_loader = DataLoader(Digits(False, test_tf), batch_size=100)
    model = CNN()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(1, 9):
        model.train()
        for images, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), targets)
            loss.backward()
            optimizer.step()
        model.eval()
        correct = 0
        with torch.no_grad():
            for images, targets in test_loader:
                correct += (model(images).argmax(1) == targets).sum().item()
        print(f"Epoch: {epoch} Train loss: {loss.item():.4f} Test accuracy: {correct / len(test_loader.dataset):.4f}")


if __name__ == "__main__":
    main()
