import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

REGIONS = ["apulia", "calabria", "liguria", "sardinia", "sicily", "umbria"]


def load_table(seed=5):
    X, y = make_classification(2400, 12, n_informative=9, n_redundant=2, n_classes=6, n_clusters_per_class=1,
                               class_sep=1.8, flip_y=0.0, random_state=seed)
    table = pd.DataFrame(X, columns=[f"acid_{i}" for i in range(X.shape[1])])
    table["region"] = np.array(REGIONS)[y]
    return table


class OilDataset(Dataset):
    def __init__(self, table, columns, mean, std):
        dummies = pd.get_dummies(table["region"], drop_first=True)
        self.names = list(dummies.columns)
        self.x = torch.tensor(((table[columns] - mean) / std).values, dtype=torch.float32)
        self.y = torch.tensor(dummies.values.astype(int).argmax(axis=1))

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def predict(model, x):
    model.eval()
    with torch.no_grad():
        return model(x).argmax(dim=1)


torch.manual_seed(5)
table = load_table()
columns = [c for c in table.columns if c != "region"]
train, test = train_test_split(table, test_size=0.25, stratify=table["region"], random_state=0)
mean, std = train[columns].mean(), train[columns].std()
train_set = OilDataset(train, columns, mean, std)
test_set = OilDataset(test, columns, mean, std)

model = nn.Sequential(nn.Linear(len(columns), 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, len(REGIONS)))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(15):
    model.train()
    losses = []
    for x, y in DataLoader(train_set, batch_size=60, shuffle=True):
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    print(f"epoch {epoch + 1:2d}  loss {np.mean(losses):.4f}")

guess = np.array(train_set.names)[predict(model, test_set.x).numpy()]
print(pd.crosstab(test["region"].values, guess))
print(f"origin accuracy: {(guess == test['region'].values).mean():.4f}")
