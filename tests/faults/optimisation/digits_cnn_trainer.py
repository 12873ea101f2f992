import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=3, padding=1), nn.ReLU(),
            nn.Conv2d(8, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(16 * 4 * 4, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Trainer:
    def __init__(self, model, train_loader, test_loader, config):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = model.to(self.device)
        self.train_loader, self.test_loader = train_loader, test_loader
        self.epochs = config["epochs"]
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config["lr"], momentum=config["momentum"])

    def train_epoch(self):
        self.model.train()
        total, count = 0.0, 0
        for images, labels in self.train_loader:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
            total += loss.item() * labels.size(0)
            count += labels.size(0)
        return total / count

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        correct = count = 0
        for images, labels in self.test_loader:
            images, labels = images.to(self.device), labels.to(self.device)
            correct += (self.model(images).argmax(dim=1) == labels).sum().item()
            count += labels.size(0)
        return correct / count

    def fit(self):
        for epoch in range(1, self.epochs + 1):
            loss = self.train_epoch()
            print(f"[{epoch:02d}/{self.epochs}] train_loss={loss:.4f} test_acc={self.evaluate():.4f}")


torch.manual_seed(0)
data = load_digits()
images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
images = (images - 0.305) / 0.376
dataset = TensorDataset(images, torch.tensor(data.target))
train_set, test_set = random_split(dataset, [1437, 360])

config = {"epochs": 12, "lr": 4e-4, "momentum": 0.9}
trainer = Trainer(SmallCNN(), DataLoader(train_set, batch_size=32, shuffle=True), DataLoader(test_set, batch_size=120), config)
trainer.fit()
