import torch
from torch import nn, optim
from sklearn.datasets import load_digits


class AutoEncoder(nn.Module):
    def __init__(self, latent_dim=10):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, 48), nn.ReLU(), nn.Linear(48, 64))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Trainer:
    def __init__(self, model, lr, batch_size=64):
        self.model = model
        self.batch_size = batch_size
        self.criterion = nn.MSELoss()
        self.optimizer = optim.Adam(model.parameters(), lr=lr)

    def fit(self, x_train, x_valid, epochs):
        for epoch in range(epochs):
            self.model.train()
            order = torch.randperm(x_train.size(0))
            total = 0.0
            for chunk in order.split(self.batch_size):
                batch = x_train[chunk]
                recon = self.model(batch)
                loss = self.criterion(recon, batch)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(chunk)
            if epoch % 5 == 4:
                print(f"[{epoch + 1}/{epochs}] train {total / x_train.size(0):.4f} valid {self.validate(x_valid):.4f}")

    @torch.no_grad()
    def validate(self, x):
        self.model.eval()
        return self.criterion(self.model(x), x).item()


if __name__ == "__main__":
    torch.manual_seed(3)
    x = torch.tensor(load_digits().data, dtype=torch.float32)
    x = x[torch.randperm(len(x))]
    x_train, x_valid = x[:1400], x[1400:]
    mean, std = x_train.mean(), x_train.std()
    x_train, x_valid = (x_train - mean) / std, (x_valid - mean) / std
    trainer = Trainer(AutoEncoder(), lr=5e-5)
    trainer.fit(x_train, x_valid, epochs=50)
    print(f"reconstruction error: {trainer.validate(x_valid):.4f}")
