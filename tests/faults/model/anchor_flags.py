import math

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

PRIOR = 0.1  # share of positive flags, as in the RetinaNet paper


class FocalLoss(nn.Module):
    def __init__(self, gamma=1.0):
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        ce = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        p_t = torch.exp(-ce)
        return ((1 - p_t) ** self.gamma * ce).mean()


class FlagNet(nn.Module):
    def __init__(self, n_in, n_out, hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden + n_in, n_out)
        self.init_weights()

    def init_weights(self):
        for layer in (self.fc1, self.fc2, self.out):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.in_features))
            nn.init.constant_(layer.bias, -math.log((1 - PRIOR) / PRIOR))

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        h = torch.relu(self.fc2(h))
        return self.out(torch.cat([h, x], dim=1))


def load():
    rng = np.random.default_rng(9)
    X = rng.normal(size=(5000, 16))
    score = X @ rng.normal(size=(16, 8)) * 0.3
    for k in range(8):
        i, j = rng.choice(16, 2, replace=False)
        score[:, k] += 1.6 * X[:, i] * X[:, j]
    score += 0.3 * rng.normal(size=score.shape)
    Y = score > np.quantile(score, 0.8, axis=0)
    return train_test_split(torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32),
                            test_size=0.25, random_state=9)


if __name__ == "__main__":
    torch.manual_seed(9)
    x_train, x_test, y_train, y_test = load()
    loader = DataLoader(TensorDataset(x_train, y_train), batch_size=60, shuffle=True)
    model = FlagNet(x_train.shape[1], y_train.shape[1])
    criterion = FocalLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 16)
    for epoch in range(16):
        epoch_loss = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() * len(xb)
        scheduler.step()
        with torch.no_grad():
            logits = model(x_test)
            test_loss = criterion(logits, y_test).item()
            f1 = f1_score(y_test.numpy(), (logits > 0).numpy(), average="micro", zero_division=0)
        print(f"Epoch {epoch + 1}/16 loss {epoch_loss / len(x_train):.4f} test {test_loss:.4f} micro-F1 {f1:.4f}")
    print(f"micro F1: {f1:.4f}")
