import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

digits = load_digits()
X = digits.data.astype(np.float32)
y = digits.target


def build_model():
    return nn.Sequential(nn.Linear(64, 40), nn.ReLU(), nn.Dropout(0.1), nn.Linear(40, 10)).to(device)


model = build_model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
criterion = nn.CrossEntropyLoss()

scores = []
kfold = StratifiedKFold(n_splits=3, shuffle=True, random_state=0)
for fold, (train_idx, val_idx) in enumerate(kfold.split(X, y), start=1):
    if fold > 1:
        model = build_model()
    mean, std = X[train_idx].mean(), X[train_idx].std()
    X_tr = torch.tensor((X[train_idx] - mean) / std).to(device)
    X_va = torch.tensor((X[val_idx] - mean) / std).to(device)
    y_tr = torch.tensor(y[train_idx]).to(device)
    y_va = torch.tensor(y[val_idx]).to(device)

    model.train()
    for epoch in range(12):
        for batch in torch.randperm(len(X_tr)).split(32):
            optimizer.zero_grad()
            loss = criterion(model(X_tr[batch]), y_tr[batch])
            loss.backward()
            optimizer.step()

    model.eval()
    with torch.no_grad():
        accuracy = (model(X_va).argmax(1) == y_va).float().mean().item()
    scores.append(accuracy)
    print(f"fold {fold}: last loss {loss.item():.3f}, accuracy {accuracy:.3f}")

print(f"mean accuracy over folds: {np.mean(scores):.3f}")
