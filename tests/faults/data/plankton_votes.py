import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SPECIES = ["copepod", "diatom", "krill", "medusa", "radiolarian"]


def load_catalogue(n=3000):
    X, y = make_classification(n, 24, n_informative=10, n_redundant=6, n_classes=5, n_clusters_per_class=1,
                               class_sep=1.9, flip_y=0.0, random_state=21)
    rng = np.random.default_rng(21)
    df = pd.DataFrame(X, columns=[f"moment_{i}" for i in range(24)])
    df["curator"] = [SPECIES[k] for k in y]
    careless = rng.random(n) < 0.55
    guess = rng.integers(0, 5, n)
    df["volunteer"] = [SPECIES[g] if c else SPECIES[k] for c, g, k in zip(careless, guess, y)]
    return df


df = load_catalogue()
train_df, test_df = train_test_split(df, test_size=0.3, random_state=0, stratify=df["curator"])
feature_cols = [c for c in df.columns if c.startswith("moment_")]
scaler = StandardScaler().fit(train_df[feature_cols])
encode = {name: i for i, name in enumerate(SPECIES)}

X_train = torch.tensor(scaler.transform(train_df[feature_cols]), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(test_df[feature_cols]), dtype=torch.float32)
y_train = torch.tensor(train_df["volunteer"].map(encode).to_numpy())
y_test = torch.tensor(test_df["curator"].map(encode).to_numpy())

torch.manual_seed(0)
model = nn.Sequential(
    nn.Linear(24, 96), nn.ReLU(), nn.Dropout(0.2),
    nn.Linear(96, 48), nn.ReLU(), nn.Dropout(0.2),
    nn.Linear(48, len(SPECIES)))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
batch = 60

for epoch in range(30):
    model.train()
    order = torch.randperm(len(X_train))
    losses = []
    for start in range(0, len(order), batch):
        idx = order[start:start + batch]
        loss = loss_fn(model(X_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        out = model(X_test)
        acc = (out.argmax(1) == y_test).float().mean().item()
        tl = loss_fn(out, y_test).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: train loss {np.mean(losses):.3f}, test loss {tl:.3f}, test acc {acc:.3f}")

print(f"accuracy on curated test set = {acc:.4f}")
