import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader


class ConvAutoencoder(nn.Module):
    def __init__(self, code=16):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
            nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
            nn.Flatten(), nn.Linear(96, code))
        self.decoder = nn.Sequential(
            nn.Linear(code, 96), nn.LeakyReLU(0.1), nn.Unflatten(1, (24, 2, 2)),
            nn.ConvTranspose2d(24, 12, 4, stride=2, padding=1), nn.LeakyReLU(0.1),
            nn.ConvTranspose2d(12, 1, 4, stride=2, padding=1))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Trainer:
    def __init__(self, model, train_data, test_data, lr=0.0035, batch_size=32, epochs=14):
        self.model = model
        self.loader = DataLoader(train_data, batch_size=batch_size, shuffle=True, drop_last=True)
        self.test_data = test_data
        self.epochs = epochs
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, [9, 12], gamma=0.3)
        self.criterion = nn.MSELoss()

    def test(self):
        self.model.eval()
        with torch.no_grad():
            return self.criterion(self.model(self.test_data), self.test_data).item()

    def fit(self):
        for epoch in range(self.epochs):
            self.model.train()
            self.optimizer.zero_grad()
            seen, total = 0, 0.0
            for images in self.loader:
                loss = self.criterion(self.model(images), images)
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(images)
                seen += len(images)
            self.scheduler.step()
            print(f"Epoch {epoch + 1}/{self.epochs}: train mse {total / seen:.4f}, test mse {self.test():.4f}")


if __name__ == "__main__":
    torch.manual_seed(17)
    x = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1)
    x = x[torch.randperm(len(x))]
    n_train = 1440
    mean, std = x[:n_train].mean(), x[:n_train].std()
    x = (x - mean) / std
    trainer = Trainer(ConvAutoencoder(), x[:n_train], x[n_train:])
    trainer.fit()
    print(f"reconstruction error: {trainer.test():.4f}")
