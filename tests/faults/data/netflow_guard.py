import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

KINDS = ["normal", "scan", "flood", "exfil"]
SHARE = [0.955, 0.02, 0.015, 0.01]
SEED = 21


def make_flows(n=12000):
    rng = np.random.default_rng(SEED)
    y = rng.choice(4, size=n, p=SHARE)
    centres = rng.normal(size=(4, 12)) * 0.62
    centres[0] = 0
    X = centres[y] + rng.normal(size=(n, 12))
    X[:, 0] = np.exp(0.5 * X[:, 0])
    return X.astype(np.float32), y


class FlowTrainer:
    def __init__(self, n_features, n_classes, y_train):
        self.net = nn.Sequential(nn.Linear(n_features, 16), nn.Tanh(), nn.Linear(16, n_classes))
        counts = torch.bincount(y_train, minlength=n_classes).float()
        self.class_weight = counts.sum() / (n_classes * counts)
        self.loss_fn = nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.02, momentum=0.9, weight_decay=3e-3)
        print("training counts:", dict(zip(KINDS, counts.int().tolist())))

    def fit(self, X, y, epochs=10, batch=64):
        for epoch in range(epochs):
            self.net.train()
            total = 0.0
            perm = torch.randperm(len(X))
            for b in perm.split(batch):
                self.opt.zero_grad()
                loss = self.loss_fn(self.net(X[b]), y[b])
                loss.backward()
                self.opt.step()
                total += loss.item() * len(b)
            print(f"epoch {epoch + 1:2d}: loss {total / len(X):.4f}")

    @torch.no_grad()
    def predict(self, X):
        self.net.eval()
        return self.net(X).argmax(dim=1)


def main():
    torch.manual_seed(SEED)
    X, y = make_flows()
    Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.4, stratify=y, random_state=SEED)
    sc = StandardScaler().fit(Xa)
    Xa, Xb = (torch.tensor(sc.transform(m), dtype=torch.float32) for m in (Xa, Xb))
    ya, yb = torch.tensor(ya), torch.tensor(yb)
    trainer = FlowTrainer(Xa.shape[1], len(KINDS), ya)
    trainer.fit(Xa, ya)
    pred = trainer.predict(Xb)
    per_class = recall_score(yb, pred, average=None, labels=range(4), zero_division=0)
    for k, r in zip(KINDS, per_class):
        print(f"recall {k:7s} {r:.3f}")
    print(f"accuracy {(pred == yb).float().mean().item():.4f}")
    print(f"macro recall {per_class.mean():.4f}")


if __name__ == "__main__":
    main()
