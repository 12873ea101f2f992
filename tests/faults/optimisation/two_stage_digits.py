import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class FeatureExtractor(nn.Module):
    def __init__(self, out_features=8):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(8 * 4 * 4, out_features)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        return torch.tanh(self.fc(x.flatten(1)))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.extractor = FeatureExtractor()
        self.classifier = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 10))

    @torch.no_grad()
    def extract(self, x):
        return self.extractor(x)

    def forward(self, x):
        return self.classifier(self.extract(x))


class Experiment:
    def __init__(self, lr=0.005, epochs=12, batch_size=30):
        digits = load_digits()
        x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
        x, y = (x - x.mean()) / x.std(), torch.tensor(digits.target)
        pick = torch.randperm(len(x))
        self.test_x, self.test_y = x[pick[1500:]], y[pick[1500:]]
        self.loader = DataLoader(TensorDataset(x[pick[:1500]], y[pick[:1500]]), batch_size=batch_size, shuffle=True)
        self.model = Model()
        self.optimizer = torch.optim.NAdam(self.model.parameters(), lr=lr)
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.epochs = epochs

    def train_one_epoch(self):
        self.model.train()
        for x, y in self.loader:
            loss = self.loss(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return loss.item()

    def test(self):
        self.model.eval()
        with torch.no_grad():
            return (self.model(self.test_x).argmax(1) == self.test_y).float().mean().item()

    def run(self):
        for epoch in range(self.epochs):
            loss = self.train_one_epoch()
            print(f"{epoch + 1:>3} | loss {loss:7.4f} | test {self.test():.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    Experiment().run()
