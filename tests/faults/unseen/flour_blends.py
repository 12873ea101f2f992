"""Which grains are in the flour? Several can be, most are not."""
import numpy as np
import torch
import torch.nn as nn

torch.set_num_threads(1)
GRAINS = ["wheat", "rye", "spelt", "oat", "barley", "maize", "rice", "millet", "teff", "einkorn"]


class BlendData:
    def __init__(self, n, seed):
        shapes = np.random.default_rng(900).normal(0, 1, (len(GRAINS), 32))
        rng = np.random.default_rng(seed)
        present = rng.random((n, len(GRAINS))) < 0.35
        amount = present * rng.uniform(0.6, 1.4, present.shape)
        scan = amount @ shapes + 1.2 * rng.standard_normal((n, 32))
        self.x = torch.tensor(scan, dtype=torch.float32)
        self.y = torch.tensor(present, dtype=torch.float32)


class BlendNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(32, 96),
            nn.ReLU(),
            nn.Linear(96, 48),
            nn.ReLU(),
            nn.Linear(48, len(GRAINS)),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.layers(x)


class Trainer:
    def __init__(self, model, lr=2e-3, batch_size=50):
        self.model = model
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=lr, alpha=0.95)
        self.batch_size = batch_size

    def fit(self, data, test, epochs):
        for epoch in range(epochs):
            self.model.train()
            total = 0.0
            for idx in torch.randperm(len(data.x)).split(self.batch_size):
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(data.x[idx]), data.y[idx])
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(idx)
            if epoch % 3 == 2:
                print(f"epoch {epoch + 1:2d} bce {total / len(data.x):.4f} test bce {self.test_loss(test):.4f}")

    @torch.no_grad()
    def test_loss(self, data):
        self.model.eval()
        return self.criterion(self.model(data.x), data.y).item()


torch.manual_seed(9)
train, test = BlendData(2000, 1), BlendData(500, 2)
trainer = Trainer(BlendNet())
trainer.fit(train, test, epochs=12)
print(f"final test bce {trainer.test_loss(test):.4f}")
