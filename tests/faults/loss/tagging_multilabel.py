import numpy as np
import torch
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self, n_in, n_tags):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, n_tags))

    def forward(self, x):
        return self.body(x)


X, Y = make_multilabel_classification(n_samples=3000, n_features=30, n_classes=8, n_labels=2, random_state=3)
scaler = StandardScaler().fit(X[:2400])
X = torch.tensor(scaler.transform(X), dtype=torch.float32)
Y = torch.tensor(Y, dtype=torch.float32)
train_dl = DataLoader(TensorDataset(X[:2400], Y[:2400]), batch_size=64, shuffle=True)
X_val, Y_val = X[2400:], Y[2400:]

model = Tagger(30, 8)
bce = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

for epoch in range(8):
    model.train()
    losses = []
    for xb, yb in train_dl:
        optimizer.zero_grad()
        probs = torch.sigmoid(model(xb))
        loss = bce(probs, yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        tags = (torch.sigmoid(model(X_val)) > 0.5).int()
    f1 = f1_score(Y_val.int().numpy(), tags.numpy(), average="micro")
    print(f"epoch {epoch}: mean batch loss {np.mean(losses):.4f}  micro-F1 {f1:.4f}")
