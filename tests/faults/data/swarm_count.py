import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

POINTS = 12


def make_swarms(n):
    """Twelve fixes from radio-tagged birds; the label says whether they fly as one, two or three flocks."""
    label = torch.arange(n) % 3
    centres = torch.randn(n, 3, 2) * 1.2
    member = torch.arange(POINTS).expand(n, POINTS) % (label[:, None] + 1)
    fixes = torch.gather(centres, 1, member[..., None].expand(n, POINTS, 2)) + 0.15 * torch.randn(n, POINTS, 2)
    shuffled = torch.argsort(torch.rand(n, POINTS), dim=1)
    return torch.gather(fixes, 1, shuffled[..., None].expand_as(fixes)) / 1.2, label


class FlockNet(nn.Module):
    def __init__(self, dim=32, heads=4):
        super().__init__()
        self.lift = nn.Sequential(nn.Linear(2, dim), nn.GELU(), nn.Linear(dim, dim))
        self.attend = nn.MultiheadAttention(dim, heads)
        self.norm = nn.LayerNorm(dim)
        self.ff = nn.Sequential(nn.Linear(dim, 64), nn.GELU(), nn.Linear(64, dim))
        self.classify = nn.Linear(dim, 3)

    def forward(self, fixes):
        x = self.lift(fixes)
        mixed, _ = self.attend(x, x, x, need_weights=False)
        x = self.norm(x + mixed)
        x = x + self.ff(x)
        return self.classify(x.mean(dim=1))


class Trainer:
    def __init__(self, model, train, val, lr=3e-3):
        self.model, self.val = model, val
        self.loader = DataLoader(train, batch_size=64, shuffle=True)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, epochs):
        for epoch in range(epochs):
            self.model.train()
            mean = 0.0
            for fixes, label in self.loader:
                self.optimizer.zero_grad(set_to_none=True)
                loss = self.loss(self.model(fixes), label)
                loss.backward()
                self.optimizer.step()
                mean += loss.item() / len(self.loader)
            print(f"epoch {epoch + 1}: train loss {mean:.4f}, val accuracy {self.evaluate():.4f}")

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        correct = 0
        for fixes, label in DataLoader(self.val, batch_size=64):
            correct += (self.model(fixes).argmax(1) == label).sum().item()
        return correct / len(self.val)


if __name__ == "__main__":
    trainer = Trainer(FlockNet(), TensorDataset(*make_swarms(3000)), TensorDataset(*make_swarms(1000)))
    trainer.fit(15)
    print(f"flock count accuracy {trainer.evaluate():.4f}")
