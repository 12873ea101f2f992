import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, DataLoader

SEED = 42
torch.manual_seed(SEED)
np.random.seed(SEED)


class TumorDataset(Dataset):
    def __init__(self, features, labels):
        self.features = torch.from_numpy(features).float()
        self.labels = torch.from_numpy(labels).float()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


data = load_breast_cancer()
X_tr, X_te, y_tr, y_te = train_test_split(data.data, data.target, test_size=0.25, random_state=SEED, stratify=data.target)
scaler = StandardScaler().fit(X_tr)
train_dl = DataLoader(TumorDataset(scaler.transform(X_tr), y_tr), batch_size=16, shuffle=True)
test_dl = DataLoader(TumorDataset(scaler.transform(X_te), y_te), batch_size=64)

model = nn.Sequential(
    nn.Linear(30, 8),
    nn.Tanh(),
    nn.Linear(8, 1),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)


def evaluate():
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for xb, yb in test_dl:
            logit = model(xb).squeeze(1)
            loss += criterion(logit, yb).item() * len(yb)
            correct += ((logit > 0).float() == yb).sum().item()
    return loss / len(test_dl.dataset), correct / len(test_dl.dataset)


for epoch in range(20):
    model.train()
    train_loss = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(yb)
    val_loss, val_acc = evaluate()
    print("Epoch %d: train_loss=%.4f val_loss=%.4f val_acc=%.4f" % (epoch + 1, train_loss / len(train_dl.dataset), val_loss, val_acc))

print("Final val_loss=%.4f" % val_loss)
