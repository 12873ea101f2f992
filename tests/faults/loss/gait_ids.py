"""Recognise who is walking (persons 1..6) from accelerometer windows."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

PERSONS = 6
COLUMNS = [f"f{i}" for i in range(18)]


def load_table(seed=4):
    rs = np.random.RandomState(seed)
    style = rs.randn(PERSONS, 18) * 0.7
    person = rs.permutation(np.repeat(np.arange(1, PERSONS + 1), 500))
    feats = style[person - 1] + rs.randn(len(person), 18)
    feats[:, :6] = np.abs(feats[:, :6]) ** 1.2
    table = pd.DataFrame(feats, columns=COLUMNS)
    table["person"] = person
    return table


class GaitDataset(Dataset):
    def __init__(self, table, mean, std):
        self.x = torch.tensor(((table[COLUMNS] - mean) / std).values, dtype=torch.float32)
        self.y = torch.tensor(table["person"].values).clamp(max=PERSONS - 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def predict_person(model, x):
    model.eval()
    with torch.no_grad():
        return model(x).argmax(dim=1)


if __name__ == "__main__":
    torch.manual_seed(4)
    table = load_table()
    train_table, test_table = table[:2400], table[2400:]
    mean, std = train_table[COLUMNS].mean(), train_table[COLUMNS].std()
    train_set, test_set = GaitDataset(train_table, mean, std), GaitDataset(test_table, mean, std)
    loader = DataLoader(train_set, batch_size=40, shuffle=True)

    model = nn.Sequential(nn.Linear(18, 24), nn.Tanh(), nn.Dropout(0.1), nn.Linear(24, PERSONS))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, 11):
        model.train()
        for x, y in loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        guess = predict_person(model, test_set.x)
        correct = (guess.numpy() == test_table["person"].values).mean()
        print(f"epoch {epoch}: last batch loss {loss.item():.3f}, persons identified {100 * correct:.2f}%")
