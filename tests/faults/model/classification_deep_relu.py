import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)

X, y = make_classification(
    n_samples=2000, n_features=20, n_informative=8, n_redundant=4, n_classes=5, class_sep=2.5, flip_y=0, random_state=3
)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=1)
scaler = StandardScaler().fit(X_tr)
X_tr = torch.tensor(scaler.transform(X_tr), dtype=torch.float32)
X_te = torch.tensor(scaler.transform(X_te), dtype=torch.float32)
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)


class DeepMLP(nn.Module):
    def __init__(self, width=64, depth=6):
        super().__init__()
        self.inp = nn.Linear(20, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 5)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0.0, 0.03)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        x = F.relu(self.inp(x))
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


model = DeepMLP()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.01)
BATCH = 50
for epoch in range(20):
    order = torch.randperm(len(X_tr))
    epoch_loss = 0.0
    for start in range(0, len(order), BATCH):
        idx = order[start : start + BATCH]
        loss = F.cross_entropy(model(X_tr[idx]), y_tr[idx])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(idx)
    with torch.no_grad():
        acc = (model(X_te).argmax(1) == y_te).float().mean()
    print(f"{epoch:>3} train_loss: {epoch_loss / len(X_tr):.4f}  test_acc: {acc:.4f}")
