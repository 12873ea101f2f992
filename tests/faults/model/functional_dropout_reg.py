import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(19)
X, y = make_friedman1(n_samples=2500, n_features=5, noise=0.8, random_state=19)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=500, random_state=19)
sx = StandardScaler().fit(X_train)
sy = StandardScaler().fit(y_train.reshape(-1, 1))
f32 = lambda a: torch.tensor(a, dtype=torch.float32)
X_train, X_val = f32(sx.transform(X_train)), f32(sx.transform(X_val))
y_train, y_val = f32(sy.transform(y_train.reshape(-1, 1))), f32(sy.transform(y_val.reshape(-1, 1)))


class MLP(nn.Module):
    def __init__(self, sizes=(5, 96, 96, 1)):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        x = F.dropout(x, p=0.25)
        return self.layers[-1](x)


model = MLP()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=3)

for epoch in range(30):
    model.train()
    perm = torch.randperm(len(X_train))
    epoch_loss = 0.0
    for b in perm.split(50):
        loss = F.mse_loss(model(X_train[b]), y_train[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(b)
    model.eval()
    with torch.no_grad():
        val_loss = F.mse_loss(model(X_val), y_val).item()
    scheduler.step(val_loss)
    if epoch % 5 == 4:
        print(f"Epoch {epoch + 1}: train={epoch_loss / len(perm):.4f} val={val_loss:.4f} lr={optimizer.param_groups[0]['lr']:.1e}")
print(f"Validation MSE: {val_loss:.4f}")
