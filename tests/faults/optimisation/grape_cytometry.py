from dataclasses import dataclass, field

import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    lr: float = 2e-5
    batch_size: int = 64
    epochs: int = 15
    hidden: list = field(default_factory=lambda: [64, 32])
    seed: int = 40


class CellTyper(nn.Module):
    def __init__(self, n_in, hidden, n_out):
        super().__init__()
        sizes = [n_in] + hidden
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(sizes[-1], n_out)
        self.act = nn.ELU()

    def forward(self, x):
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x)


class Runner:
    def __init__(self, settings):
        self.s = settings
        torch.manual_seed(settings.seed)
        X, y = make_classification(n_samples=5000, n_features=16, n_informative=10, n_redundant=3, n_classes=5,
                                   n_clusters_per_class=1, class_sep=1.5, flip_y=0.0, random_state=settings.seed)
        X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
        sc = StandardScaler().fit(X_tr)
        to = lambda a, b: TensorDataset(torch.tensor(sc.transform(a), dtype=torch.float32), torch.tensor(b))
        self.train_loader = DataLoader(to(X_tr, y_tr), batch_size=settings.batch_size, shuffle=True)
        self.test_loader = DataLoader(to(X_te, y_te), batch_size=500)
        self.model = CellTyper(16, settings.hidden, 5)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.lr)
        self.criterion = nn.CrossEntropyLoss()

    def train_one_epoch(self):
        self.model.train()
        total = 0.0
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(self.train_loader)

    @torch.no_grad()
    def test(self):
        self.model.eval()
        outs = [(self.model(x), y) for x, y in self.test_loader]
        logits, y = torch.cat([o for o, _ in outs]), torch.cat([t for _, t in outs])
        return self.criterion(logits, y).item(), (logits.argmax(1) == y).float().mean().item()

    def run(self):
        for epoch in range(self.s.epochs):
            loss = self.train_one_epoch()
            test_loss, acc = self.test()
            print(f"{epoch + 1:3d}/{self.s.epochs} train_loss={loss:.4f} test_loss={test_loss:.4f} test_acc={acc:.3f}")
        return acc


print(f"final test accuracy: {Runner(Settings()).run():.4f}")
