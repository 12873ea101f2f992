import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class Stamp(nn.Module):
    """Convolutional denoising autoencoder for 8x8 stamps."""

    def __init__(self, code=16):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.SiLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.SiLU(),
            nn.Flatten(), nn.Linear(32 * 4, code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(code, 32 * 4), nn.SiLU(), nn.Unflatten(1, (32, 2, 2)),
            nn.ConvTranspose2d(32, 16, 2, stride=2), nn.SiLU(),
            nn.ConvTranspose2d(16, 1, 2, stride=2),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Trainer:
    def __init__(self, model, train, valid, batch_size=64, lr=4e-5, noise=0.3):
        self.model, self.train_x, self.valid_x = model, train, valid
        self.batch_size, self.noise = batch_size, noise
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        gen = torch.Generator().manual_seed(99)
        self.valid_noisy = valid + noise * torch.randn(valid.shape, generator=gen)

    def epoch(self):
        self.model.train()
        losses = []
        for batch in self.train_x[torch.randperm(len(self.train_x))].split(self.batch_size):
            noisy = batch + self.noise * torch.randn_like(batch)
            loss = nn.functional.mse_loss(self.model(noisy), batch)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return nn.functional.mse_loss(self.model(self.valid_noisy), self.valid_x).item()

    def fit(self, epochs):
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, epochs)
        for e in range(1, epochs + 1):
            loss = self.epoch()
            schedule.step()
            if e % 10 == 0:
                print(f"epoch {e:3d}  reconstruction {loss:.4f}  validation {self.validate():.4f}")


torch.manual_seed(1)
images = torch.tensor(load_digits().images, dtype=torch.float32).unsqueeze(1)
images = images[torch.randperm(len(images))]
train, valid = images[:1400], images[1400:]
center, spread = train.mean(), train.std()
trainer = Trainer(Stamp(), (train - center) / spread, (valid - center) / spread)
trainer.fit(60)
print(f"validation reconstruction error {trainer.validate():.4f}")
