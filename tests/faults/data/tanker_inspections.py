import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def ship_records(n, rng, share=0.03):
    """Twelve figures per ship (age, tonnage, port calls, ...); few ships are detained."""
    y = (rng.random(n) < share).astype(int)
    base = rng.normal(size=(n, 12))
    drift = rng.normal(size=12)
    return base + 1.9 * y[:, None] * drift / np.linalg.norm(drift), y


class InspectionNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Linear(8, 2),
        )

    def forward(self, x):
        return self.layers(x)


class Trainer:
    def __init__(self, model, lr, weight):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr, weight_decay=1e-4)
        self.weight = weight

    def fit_epoch(self, x, y, batch_size=128):
        self.model.train()
        order = torch.randperm(len(x))
        total = 0.0
        for i in range(0, len(x) - batch_size + 1, batch_size):
            b = order[i:i + batch_size]
            loss = F.cross_entropy(self.model(x[b]), y[b], weight=self.weight)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / (len(x) // batch_size)

    @torch.no_grad()
    def predict(self, x, y):
        self.model.eval()
        logits = self.model(x)
        return F.cross_entropy(logits, y, weight=self.weight).item(), logits.argmax(1)


def main():
    torch.manual_seed(4)
    X, y = ship_records(12000, np.random.default_rng(9))
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
    scaler = StandardScaler().fit(X_train)
    X_train = torch.tensor(scaler.transform(X_train), dtype=torch.float32)
    X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
    y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
    counts = torch.bincount(y_train).float()
    print("train ships per class:", counts.tolist())

    weight = torch.ones(2)
    trainer = Trainer(InspectionNet(X_train.shape[1]), lr=2e-3, weight=weight)
    for epoch in range(1, 8):
        train_loss = trainer.fit_epoch(X_train, y_train)
        test_loss, pred = trainer.predict(X_test, y_test)
        acc = (pred == y_test).float().mean().item()
        print(f"epoch {epoch:3d}: loss {train_loss:.4f}, test loss {test_loss:.4f}, accuracy {acc:.4f}")
    print(confusion_matrix(y_test, pred))
    print(f"balanced accuracy: {balanced_accuracy_score(y_test, pred):.4f}")


if __name__ == "__main__":
    main()
