import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(19)
torch.manual_seed(19)


def customers(n=1400):
    df = pd.DataFrame(np.random.normal(size=(n, 24)), columns=[f"f{i}" for i in range(24)])
    score = 1.1 * df.f0 - 0.9 * df.f1 + 0.7 * df.f2 * df.f3 + np.random.logistic(0, 0.8, n)
    df["churn"] = (score > 2.0).astype(int)
    return df


def oversample(df):
    """repeat churners until both classes have the same size"""
    pos, neg = df[df.churn == 1], df[df.churn == 0]
    extra = pos.sample(len(neg) - len(pos), replace=True, random_state=0)
    return pd.concat([neg, pos, extra], ignore_index=True)


def dataset(df):
    feats = df.drop(columns="churn").values
    return TensorDataset(torch.tensor(feats, dtype=torch.float32), torch.tensor(df.churn.values))


df = customers()
df = oversample(df)
train_df, val_df = train_test_split(df, test_size=0.25, stratify=df.churn, random_state=0)
print("train", len(train_df), "val", len(val_df), "churn share", round(train_df.churn.mean(), 3))
train_dl = DataLoader(dataset(train_df), batch_size=64, shuffle=True)
val_dl = DataLoader(dataset(val_df), batch_size=512)

model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 2))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
ce = nn.CrossEntropyLoss()


def balanced_accuracy(loader):
    model.eval()
    hits = torch.zeros(2)
    count = torch.zeros(2)
    with torch.no_grad():
        for x, y in loader:
            p = model(x).argmax(1)
            for k in (0, 1):
                hits[k] += ((p == k) & (y == k)).sum()
                count[k] += (y == k).sum()
    return (hits / count).mean().item()


def validation_loss():
    model.eval()
    with torch.no_grad():
        return sum(ce(model(x), y).item() * len(y) for x, y in val_dl) / len(val_dl.dataset)


best, best_weights, patience = float("inf"), None, 4
for epoch in range(1, 61):
    model.train()
    loss_sum = 0.0
    for x, y in train_dl:
        opt.zero_grad()
        loss = ce(model(x), y)
        loss.backward()
        opt.step()
        loss_sum += loss.item()
    val = validation_loss()
    if epoch % 3 == 0:
        print(f"epoch {epoch}: loss {loss_sum / len(train_dl):.3f} val loss {val:.3f}")
    if val < best:
        best, patience = val, 4
        best_weights = {k: v.clone() for k, v in model.state_dict().items()}
    else:
        patience -= 1
        if patience == 0:
            break
model.load_state_dict(best_weights)
print(f"train bal.acc {balanced_accuracy(train_dl):.3f} val bal.acc {balanced_accuracy(val_dl):.3f}")
