"""Recovery score after surgery, learned on some hospitals and tested on hospitals not seen before."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.preprocessing import StandardScaler

SEED = 17
np.random.seed(SEED)
torch.manual_seed(SEED)

COLS = ["age", "bmi", "crp", "albumin", "creatinine", "sleep", "mobility", "charlson"]
BASE = np.array([62, 27, 40, 38, 95, 6.5, 50, 3.0])
SPREAD = np.array([11, 4, 18, 5, 22, 1.2, 14, 1.1])


def make_cohort(n_hospitals=60, patients=45):
    frames = []
    for h in range(n_hospitals):
        case_mix = np.random.normal(0, 0.9, len(COLS))
        z = case_mix + np.random.normal(0, 1, (patients, len(COLS)))
        score = (70 - 4 * z[:, 0] - 3 * z[:, 2] + 3.5 * z[:, 3] - 2.5 * z[:, 4] * (z[:, 7] > 0)
                 + 4 * np.tanh(z[:, 6]) + 1.5 * z[:, 5] + np.random.normal(0, 2, patients))
        f = pd.DataFrame(BASE + SPREAD * z, columns=COLS)
        f["hospital"], f["recovery"] = h, score
        frames.append(f)
    return pd.concat(frames, ignore_index=True)


cohort = make_cohort()
train_df = cohort[cohort.hospital < 45]
test_df = cohort[cohort.hospital >= 45]

scaler = StandardScaler()
X_train = torch.tensor(scaler.fit_transform(train_df[COLS].values), dtype=torch.float32)
y_mu, y_sd = train_df.recovery.mean(), train_df.recovery.std()
y_train = torch.tensor(((train_df.recovery - y_mu) / y_sd).values, dtype=torch.float32)


class RecoveryNet(nn.Module):
    def __init__(self, d, width=32):
        super().__init__()
        self.l1 = nn.Linear(d, width)
        self.l2 = nn.Linear(width, width)
        self.l3 = nn.Linear(width, 1)
        self.act = nn.ELU()

    def forward(self, x):
        x = self.act(self.l1(x))
        x = self.act(self.l2(x))
        return self.l3(x).squeeze(-1)


model = RecoveryNet(len(COLS))
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3, weight_decay=1e-3)
criterion = nn.MSELoss()


def score_hospitals(model, frame):
    model.eval()
    sq, per_site = [], {}
    for site, rows in frame.groupby("hospital"):
        feats = scaler.fit_transform(rows[COLS].values)
        with torch.no_grad():
            pred = model(torch.tensor(feats, dtype=torch.float32)).numpy() * y_sd + y_mu
        err = (pred - rows.recovery.values) ** 2
        per_site[site] = err.mean() ** 0.5
        sq.append(err)
    return np.concatenate(sq).mean() ** 0.5, per_site


for epoch in range(1, 41):
    model.train()
    order = torch.randperm(len(X_train))
    total = 0.0
    for i in range(0, len(order), 45):
        b = order[i:i + 45]
        optimizer.zero_grad()
        loss = criterion(model(X_train[b]), y_train[b])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(b)
    if epoch % 5 == 0:
        print(f"epoch {epoch}: train RMSE {(total / len(X_train)) ** 0.5 * y_sd:.2f} points")

rmse, per_site = score_hospitals(model, test_df)
for site, value in per_site.items():
    print(f"  hospital {site}: {value:.2f}")
print(f"RMSE on new hospitals: {rmse:.3f}")
