import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split


class OreDataset(Dataset):
    def __init__(self, features, labels):
        self.features = torch.as_tensor(features, dtype=torch.float32)
        self.labels = torch.as_tensor(labels, dtype=torch.float32).unsqueeze(1)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, item):
        return self.features[item], self.labels[item]


class OreNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layer_1 = nn.Linear(n_features, 32)
        self.layer_2 = nn.Linear(32, 16)
        self.layer_out = nn.Linear(16, 1)
        self.relu = nn.ReLU()
        self.batchnorm = nn.BatchNorm1d(32)

    def forward(self, x):
        x = self.batchnorm(self.relu(self.layer_1(x)))
        x = self.relu(self.layer_2(x))
        return self.layer_out(x)


def binary_acc(y_pred, y_test):
    y_pred_tag = torch.argmax(y_pred, dim=1)
    correct = (y_pred_tag == y_test.squeeze(1)).sum().float()
    return correct / y_test.shape[0]


np.random.seed(0)
torch.manual_seed(0)
X, y = make_classification(3000, n_features=14, n_informative=8, n_redundant=2, class_sep=1.1, flip_y=0.02, random_state=9)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=69, stratify=y)
mean, std = X_train.mean(axis=0), X_train.std(axis=0)
train_loader = DataLoader(OreDataset((X_train - mean) / std, y_train), batch_size=60, shuffle=True)
test_loader = DataLoader(OreDataset((X_test - mean) / std, y_test), batch_size=100)

model = OreNet(X.shape[1])
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)

for e in range(1, 21):
    model.train()
    epoch_loss, epoch_acc = 0, 0
    for X_batch, y_batch in train_loader:
        optimizer.zero_grad()
        y_pred = model(X_batch)
        loss = criterion(y_pred, y_batch)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
        epoch_acc += binary_acc(y_pred, y_batch).item()
    model.eval()
    with torch.no_grad():
        scores = [(criterion(model(a), b).item(), binary_acc(model(a), b).item()) for a, b in test_loader]
    test_loss, test_acc = np.mean(scores, axis=0)
    print(f"Epoch {e:02d} | Loss: {epoch_loss / len(train_loader):.4f} | Acc: {epoch_acc / len(train_loader):.3f}"
          f" | Test loss: {test_loss:.4f} | Test acc: {test_acc:.4f}")
