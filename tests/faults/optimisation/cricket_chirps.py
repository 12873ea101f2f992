"""Which cricket species sing in a clip? Several may at once (multi-label)."""
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SPECIES = ["field", "house", "tree", "ground", "mole"]
CARRIER = [0.55, 0.85, 1.2, 1.6, 2.1]
PULSE = [0.10, 0.16, 0.06, 0.22, 0.13]
SAMPLES = 128


def record(count, seed):
    g = torch.Generator().manual_seed(seed)
    present = (torch.rand(count, 5, generator=g) < 0.4).float()
    t = torch.arange(SAMPLES).float().expand(count, SAMPLES)
    clip = 0.4 * torch.randn(count, SAMPLES, generator=g)
    for i, (carrier, pulse) in enumerate(zip(CARRIER, PULSE)):
        phase = 2 * math.pi * torch.rand(count, 2, 1, generator=g)
        loudness = 0.7 + 0.6 * torch.rand(count, 1, generator=g)
        envelope = (torch.sin(pulse * t + phase[:, 0]) > -0.2).float()
        clip += present[:, i:i + 1] * loudness * envelope * torch.sin(carrier * t + phase[:, 1])
    return clip.unsqueeze(1), present


class ChirpNet(nn.Module):
    def __init__(self, channels=20):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, channels, 15, stride=2, padding=7), nn.ReLU(),
            nn.Conv1d(channels, channels, 9, stride=2, padding=4), nn.ReLU(),
            nn.Conv1d(channels, channels, 5, padding=2), nn.ReLU(),
        )
        self.classify = nn.Linear(channels, len(SPECIES))

    def forward(self, clip):
        return self.classify(self.features(clip).amax(dim=2))


class Trainer:
    def __init__(self, model, train_loader, test_data, rate, decay):
        self.model, self.loader, self.test_data = model, train_loader, test_data
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=rate)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=decay)

    def run_epoch(self):
        self.model.train()
        total = seen = 0
        for clip, present in self.loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(clip), present)
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(clip)
            seen += len(clip)
        self.schedule.step()
        return total / seen

    @torch.no_grad()
    def test(self):
        self.model.eval()
        clip, present = self.test_data
        logits = self.model(clip)
        hits, called = (logits > 0).float(), present
        tp = (hits * called).sum(0)
        f1 = 2 * tp / (hits.sum(0) + called.sum(0)).clamp(min=1)
        return self.criterion(logits, present).item(), f1

    def fit(self, epochs):
        for epoch in range(epochs):
            train_loss = self.run_epoch()
            test_loss, f1 = self.test()
            print(f"epoch {epoch + 1}: train={train_loss:.4f} test={test_loss:.4f} f1={f1.mean():.3f}")


if __name__ == "__main__":
    torch.manual_seed(2024)
    clips, labels = record(1600, seed=1)
    loader = DataLoader(TensorDataset(clips, labels), batch_size=32, shuffle=True)
    trainer = Trainer(ChirpNet(), loader, record(600, seed=2), rate=0.03, decay=0.8)
    trainer.fit(12)
    _, per_species = trainer.test()
    for name, value in zip(SPECIES, per_species.tolist()):
        print(f"  {name:7s} {value:.3f}")
    print(f"macro F1: {per_species.mean().item():.4f}")
