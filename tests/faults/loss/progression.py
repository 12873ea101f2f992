import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from torch.utils.data import DataLoader, Dataset


class DiabetesData(Dataset):
    def __init__(self, frame, target_stats, feature_stats):
        feats = frame.drop(columns="target")
        feats = (feats - feature_stats[0]) / feature_stats[1]
        self.x = torch.tensor(feats.values, dtype=torch.float32)
        self.y = torch.tensor(((frame["target"] - target_stats[0]) / target_stats[1]).values, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, idx):
        return self.x[idx], self.y[idx]


def set_seed(seed):
    np.random.seed(seed)
    torch.manual_seed(seed)


set_seed(42)
df = load_diabetes(as_frame=True, scaled=False).frame
df = df.sample(frac=1.0, random_state=42).reset_index(drop=True)
train_df, test_df = df.iloc[:340], df.iloc[340:]
feats = train_df.drop(columns="target")
fstats = (feats.mean(), feats.std())
tstats = (train_df["target"].mean(), train_df["target"].std())
train_loader = DataLoader(DiabetesData(train_df, tstats, fstats), batch_size=20, shuffle=True)
test_ds = DiabetesData(test_df, tstats, fstats)

model = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.5, weight_decay=0.01)

for epoch in range(12):
    model.train()
    history = []
    for features, target in train_loader:
        prediction = model(features)
        loss = criterion(prediction, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    model.eval()
    with torch.no_grad():
        pred = model(test_ds.x).squeeze(1).numpy()
    r2 = r2_score(test_ds.y.numpy(), pred)
    print(f"epoch {epoch + 1:3d}: train loss {np.mean(history):.3f}, test R2 {r2:.3f}")
