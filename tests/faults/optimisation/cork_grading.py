import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset


class Bottle(nn.Module):
    def __init__(self, n_in, n_out, width=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, width)
        self.norm = nn.LayerNorm(width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, n_out)

    def forward(self, x):
        x = torch.relu(self.norm(self.fc1(x)))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


def get_data(seed=0):
    X, y = make_classification(n_samples=5000, n_features=16, n_informative=8, n_redundant=2, n_classes=4,
                               n_clusters_per_class=2, class_sep=1.6, flip_y=0.0, random_state=seed)
    X = ((X - X[:4000].mean(0)) / X[:4000].std(0)).astype(np.float32)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    return TensorDataset(X[:4000], y[:4000]), TensorDataset(X[4000:], y[4000:])


def train_epoch(model, loader, optimizer, scaler, loss_fn):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_fn(model(x), y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=2.0)
        scaler.step(optimizer)
        scaler.update()
        total += loss.item()
    return total / len(loader)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    return float(np.mean(np.concatenate([(model(x).argmax(1) == y).numpy() for x, y in loader])))


if __name__ == "__main__":
    torch.manual_seed(1)
    train_set, test_set = get_data()
    train_loader = DataLoader(train_set, batch_size=50, shuffle=True, drop_last=True)
    test_loader = DataLoader(test_set, batch_size=250)
    model = Bottle(16, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=2e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=512.0)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(10):
        loss = train_epoch(model, train_loader, optimizer, scaler, loss_fn)
        print(f"epoch {epoch + 1:2d} loss {loss:.4f} test acc {accuracy(model, test_loader):.4f}")
    print(f"final test accuracy = {accuracy(model, test_loader):.4f}")
