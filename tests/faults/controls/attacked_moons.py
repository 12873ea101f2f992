"""Adversarially trained classifier: gradients are taken for the inputs first, and thrown away before the update."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


def build(width=64):
    return nn.Sequential(nn.Linear(6, width), nn.Softplus(beta=5), nn.Linear(width, width), nn.Softplus(beta=5),
                         nn.Linear(width, 1))


def make_data(n, seed):
    xy, label = make_moons(n, noise=0.18, random_state=seed)
    gen = torch.Generator().manual_seed(seed)
    x = torch.cat([torch.tensor(xy, dtype=torch.float32), torch.randn(n, 4, generator=gen)], dim=1)
    return x, torch.tensor(label, dtype=torch.float32)


class AdversarialTrainer:
    def __init__(self, model, eps=0.15, lr=1e-2):
        self.model, self.eps = model, eps
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def loss(self, x, y):
        return F.binary_cross_entropy_with_logits(self.model(x).squeeze(1), y)

    def perturb(self, x, y, steps=2):
        adv = x + torch.empty_like(x).uniform_(-self.eps, self.eps)
        for _ in range(steps):
            adv = adv.detach().requires_grad_(True)
            self.loss(adv, y).backward()
            adv = adv + 0.75 * self.eps * adv.grad.sign()
            adv = x + (adv - x).clamp(-self.eps, self.eps)
        self.optimizer.zero_grad()
        return adv.detach()

    def train_epoch(self, loader):
        self.model.train()
        total = 0.0
        for x, y in loader:
            adv = self.perturb(x, y)
            loss = 0.5 * self.loss(x, y) + 0.5 * self.loss(adv, y)
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            total += loss.item() * len(y)
        return total / len(loader.dataset)

    def accuracy(self, x, y, attacked):
        self.model.eval()
        if attacked:
            x = self.perturb(x, y, steps=5)
        with torch.no_grad():
            return ((self.model(x).squeeze(1) > 0).float() == y).float().mean().item()


x_train, y_train = make_data(3000, 1)
x_test, y_test = make_data(1000, 2)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
trainer = AdversarialTrainer(build())
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=100, shuffle=True)
for epoch in range(15):
    loss = trainer.train_epoch(loader)
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: loss {loss:.4f}, clean {trainer.accuracy(x_test, y_test, False):.3f}")
print(f"accuracy under attack {trainer.accuracy(x_test, y_test, True):.4f}")
