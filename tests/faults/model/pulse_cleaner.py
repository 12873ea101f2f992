import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Pulses(Dataset):
    """Sums of two sinusoids with random phase, plus noise added afresh at each access."""

    def __init__(self, n, seed, length=48, sigma=0.6):
        g = torch.Generator().manual_seed(seed)
        t = torch.linspace(0, 1, length)
        f = torch.randint(1, 6, (n, 2, 1), generator=g).float()
        ph = torch.rand(n, 2, 1, generator=g) * 2 * math.pi
        self.clean = torch.sin(2 * math.pi * f * t + ph).sum(1)
        self.sigma = sigma

    def __len__(self):
        return len(self.clean)

    def __getitem__(self, i):
        c = self.clean[i]
        return c + self.sigma * torch.randn_like(c), c


class DenoisingAutoencoder(nn.Module):
    def __init__(self, length=48, hidden=128, code=24):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(length, hidden), nn.ReLU(),
            nn.Linear(hidden, code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, hidden), nn.ReLU(),
            nn.Linear(hidden, length),
        )
        self.apply(self.reset)
        nn.init.constant_(self.encoder[0].bias, -6.5)

    @staticmethod
    def reset(m):
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Experiment:
    def __init__(self, epochs=50, lr=2e-3):
        torch.manual_seed(17)
        self.train_dl = DataLoader(Pulses(1600, 1), batch_size=64, shuffle=True)
        self.test = Pulses(400, 2)
        self.noisy = self.test.clean + 0.6 * torch.randn(self.test.clean.shape)
        self.model = DenoisingAutoencoder()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, epochs)
        self.epochs = epochs

    def evaluate(self):
        self.model.eval()
        with torch.no_grad():
            return (self.model(self.noisy) - self.test.clean).pow(2).mean().item()

    def run(self):
        for epoch in range(self.epochs):
            self.model.train()
            running = 0.0
            for noisy, clean in self.train_dl:
                self.opt.zero_grad()
                loss = nn.functional.mse_loss(self.model(noisy), clean)
                loss.backward()
                self.opt.step()
                running += loss.item()
            self.sched.step()
            if epoch % 5 == 4:
                print(f"epoch {epoch + 1} train {running / len(self.train_dl):.4f} test {self.evaluate():.4f}")
        mse = self.evaluate()
        print(f"SNR {10 * math.log10(self.test.clean.pow(2).mean().item() / mse):.2f} dB, denoising mse {mse:.5f}")


if __name__ == "__main__":
    Experiment().run()
