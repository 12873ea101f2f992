# Will a donor answer the recall letter?  About one in five does, so the yes rows are repeated
# until the two classes are even.
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(2)
torch.manual_seed(2)

n = 3200
df = pd.DataFrame({
    "age": rng.normal(43, 12, n),
    "visits": rng.poisson(4, n),
    "months_since": rng.gamma(2.5, 6, n),
    "haemoglobin": rng.normal(14, 1.1, n),
    "km": rng.gamma(2, 4, n),
    "letters": rng.poisson(2, n),
    "evening": rng.integers(0, 2, n),
    "pulse": rng.normal(70, 8, n),
})
z = (0.9 * np.tanh((df.visits - 4) / 2) - 0.09 * (df.months_since - 15) - 0.13 * (df.km - 8)
     + 1.1 * df.evening * (df.age < 40) - 0.3 * (df.letters - 2) ** 2 - 1.6)
df["answered"] = (z + rng.logistic(0, 1, n) > 0).astype(int)


def even_out(frame):
    yes, no = frame[frame.answered == 1], frame[frame.answered == 0]
    return pd.concat([no, yes.sample(len(no), replace=True, random_state=0)])


df = even_out(df)
train, test = train_test_split(df, test_size=0.3, random_state=4, stratify=df.answered)

features = [c for c in df.columns if c != "answered"]
scaler = StandardScaler().fit(train[features])
xtr = torch.tensor(scaler.transform(train[features]), dtype=torch.float32)
xte = torch.tensor(scaler.transform(test[features]), dtype=torch.float32)
ytr = torch.tensor(train.answered.values, dtype=torch.float32)
yte = torch.tensor(test.answered.values, dtype=torch.float32)

model = nn.Sequential(nn.Linear(len(features), 32), nn.ReLU(), nn.Linear(32, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)

for epoch in range(8):
    model.train()
    order = torch.randperm(len(xtr))
    total = 0.0
    for batch in order.split(48):
        opt.zero_grad()
        loss = loss_fn(model(xtr[batch]).squeeze(1), ytr[batch])
        loss.backward()
        opt.step()
        total += loss.item() * len(batch)
    model.eval()
    with torch.no_grad():
        logits = model(xte).squeeze(1)
        test_loss = loss_fn(logits, yte).item()
        train_acc = balanced_accuracy_score(ytr, model(xtr).squeeze(1) > 0)
    bal = balanced_accuracy_score(yte, logits > 0)
    print(f"epoch {epoch + 1:2d} train {total / len(xtr):.4f} ({train_acc:.3f}) test {test_loss:.4f} ({bal:.3f})")

print(f"AUC {roc_auc_score(yte, logits):.4f}")
print(f"balanced accuracy {bal:.4f}")
