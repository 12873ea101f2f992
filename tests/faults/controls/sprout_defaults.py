import numpy as np
import pandas as pd
import torch
from torch import nn
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(63)
rng = np.random.default_rng(63)

# seed trays that fail to germinate: about one in eleven, and partly down to luck
n = 8000
trays = pd.DataFrame({
    "temp": rng.normal(19, 2.5, n), "moisture": rng.beta(5, 3, n), "age": rng.gamma(3, 1.2, n),
    "depth": rng.normal(1.5, 0.4, n), "light": rng.uniform(2, 14, n), "batch": rng.normal(size=n),
})
z = (-3.7 + 0.5 * (trays.age - 3.6) / 2.1 + 0.7 * ((trays.temp - 19) / 2.5) ** 2
     - 0.9 * (trays.moisture - 0.62) / 0.16 + 0.5 * (trays.depth - 1.5) / 0.4)
trays["failed"] = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
print("share of failures: %.3f" % trays.failed.mean())

train_df, test_df = train_test_split(trays, test_size=0.3, stratify=trays.failed, random_state=1)
scaler = StandardScaler().fit(train_df.drop(columns="failed"))


def tensors(df):
    return (torch.tensor(scaler.transform(df.drop(columns="failed")), dtype=torch.float32),
            torch.tensor(df.failed.values, dtype=torch.float32))


xtr, ytr = tensors(train_df)
xte, yte = tensors(test_df)
model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-4)

for epoch in range(20):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(xtr)).split(100):
        optimizer.zero_grad()
        loss = loss_fn(model(xtr[idx]).squeeze(-1), ytr[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        logit = model(xte).squeeze(-1)
    p = torch.sigmoid(logit).numpy()
    print(f"epoch {epoch + 1:2d} train {total / len(xtr):.4f} test {loss_fn(logit, yte).item():.4f} "
          f"AP {average_precision_score(yte, p):.4f} flagged {(p > 0.5).sum()}")

print("test ROC AUC: %.4f" % roc_auc_score(yte, p))
