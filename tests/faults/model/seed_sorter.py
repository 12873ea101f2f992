import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

KINDS = ["wheat", "rye", "barley", "oat", "millet", "spelt"]
torch.manual_seed(77)


def get_data():
    X, y = make_classification(n_samples=3600, n_features=18, n_informative=9, n_redundant=4, n_classes=len(KINDS),
                               n_clusters_per_class=1, class_sep=1.4, flip_y=0.0, random_state=8)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1, stratify=y)
    m, s = X_train.mean(axis=0), X_train.std(axis=0)
    tensors = [torch.tensor((a - m) / s, dtype=torch.float32) for a in (X_train, X_test)]
    return tensors[0], torch.tensor(y_train), tensors[1], torch.tensor(y_test)


class SeedNet(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.fc1 = nn.Linear(d, 64)
        self.bn1 = nn.BatchNorm1d(64)
        self.fc2 = nn.Linear(64, 64)
        self.bn2 = nn.BatchNorm1d(64)
        self.out = nn.Linear(64, k)

    def forward(self, x):
        x = F.relu(self.bn1(self.fc1(x)))
        x = F.relu(self.bn2(self.fc2(x)))
        return self.out(x)


class Runner:
    def __init__(self):
        self.X_train, self.y_train, self.X_test, self.y_test = get_data()
        self.net = SeedNet(self.X_train.shape[1], len(KINDS))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 20)
        self.loader = DataLoader(TensorDataset(self.X_train, self.y_train), batch_size=100, shuffle=True)

    def fit(self, epochs=20):
        for epoch in range(epochs):
            self.net.train()
            acc_loss, hits = 0.0, 0
            for x, y in self.loader:
                logits = self.net(x)
                loss = F.cross_entropy(logits, y)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
                acc_loss += loss.item() * len(y)
                hits += (logits.argmax(1) == y).sum().item()
            self.sched.step()
            print(f"{epoch + 1:>2}: loss {acc_loss / len(self.X_train):.4f}  acc {hits / len(self.X_train):.4f}")

    def per_kind(self):
        self.net.requires_grad_(False)
        recalls = []
        for k, kind in enumerate(KINDS):
            logits = self.net(self.X_test[self.y_test == k])
            recalls.append((logits.argmax(1) == k).float().mean().item())
            print(f"  {kind:<8} recall {recalls[-1]:.3f}")
        return sum(recalls) / len(recalls)


runner = Runner()
runner.fit()
print(f"mean recall on the test seeds: {runner.per_kind():.4f}")
