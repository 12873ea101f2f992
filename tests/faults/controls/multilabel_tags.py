import torch
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, Y = make_multilabel_classification(n_samples=2500, n_features=30, n_classes=6, n_labels=2, length=80, random_state=1)
X_train, X_test, Y_train, Y_test = train_test_split(X, Y, test_size=0.2, random_state=1)
scaler = StandardScaler().fit(X_train)
train = TensorDataset(
    torch.tensor(scaler.transform(X_train), dtype=torch.float32), torch.tensor(Y_train, dtype=torch.float32)
)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
loader = DataLoader(train, batch_size=64, shuffle=True)


class Tagger(nn.Module):
    def __init__(self, n_in, n_tags):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, n_tags))

    def forward(self, x):
        return self.net(x)


tagger = Tagger(30, 6)
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(tagger.parameters(), lr=3e-3, weight_decay=0.05)
for epoch in range(1, 13):
    tagger.train()
    for x, t in loader:
        optimizer.zero_grad()
        loss = loss_fn(tagger(x), t)
        loss.backward()
        optimizer.step()
    tagger.eval()
    with torch.no_grad():
        pred = (tagger(X_test) > 0).int().numpy()
    print(f"[{epoch:02d}] loss={loss.item():.4f} micro-F1={f1_score(Y_test, pred, average='micro'):.4f}")
