import numpy as np
import pandas as pd
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

torch.manual_seed(8)

# two exports of the same clinic, the later one goes back further
X, y = make_classification(n_samples=520, n_features=80, n_informative=12, n_redundant=0, n_clusters_per_class=2,
                           class_sep=1.0, flip_y=0.02, random_state=8)
patients = pd.DataFrame(X, columns=[f"marker_{i}" for i in range(X.shape[1])])
patients["plaque"] = y
spring = patients.iloc[:420]
autumn = patients.iloc[60:]

table = pd.concat([spring, autumn], ignore_index=True)
print(len(table), "rows,", table["plaque"].mean().round(3), "positive")

train, test = train_test_split(table, test_size=0.3, stratify=table["plaque"], random_state=0)
mean, std = train.iloc[:, :-1].mean(), train.iloc[:, :-1].std()


def to_tensors(frame):
    feats = ((frame.iloc[:, :-1] - mean) / std).to_numpy(dtype=np.float32)
    return torch.tensor(feats), torch.tensor(frame["plaque"].to_numpy(dtype=np.float32))


x_train, y_train = to_tensors(train)
x_test, y_test = to_tensors(test)

net = nn.Sequential(nn.Linear(80, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=2e-2)
bce = nn.BCEWithLogitsLoss()

for epoch in range(60):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(32):
        loss = bce(net(x_train[idx]).squeeze(1), y_train[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    net.eval()
    with torch.no_grad():
        logit = net(x_test).squeeze(1)
        test_loss = bce(logit, y_test).item()
        acc = ((logit > 0).float() == y_test).float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: train {total / len(x_train):.3f} test {test_loss:.3f} acc {acc:.3f}")

print(f"held-out accuracy: {acc:.4f}")
