import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

# locker numbers in the gym, read with a plain MLP and a lot of dropout
torch.manual_seed(7)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32) / 8 - 1
y = torch.tensor(y)
i_train, i_test = train_test_split(range(len(y)), test_size=0.25, random_state=7, stratify=y)
train = DataLoader(TensorDataset(X[i_train], y[i_train]), batch_size=32, shuffle=True)
X_test, y_test = X[i_test], y[i_test]

model = nn.Sequential(
    nn.Dropout(0.2),
    nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(128, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [25, 33], gamma=0.2)

for epoch in range(40):
    model.train()
    tot_loss, tot_ok, n = 0.0, 0, 0
    for xb, yb in train:
        out = model(xb)
        loss = criterion(out, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tot_loss += loss.item() * len(yb)
        tot_ok += (out.argmax(1) == yb).sum().item()
        n += len(yb)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(X_test)
        test_loss = criterion(out, y_test).item()
        test_acc = (out.argmax(1) == y_test).float().mean().item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1}: train loss {tot_loss / n:.3f} acc {tot_ok / n:.3f}, test loss {test_loss:.3f} acc {test_acc:.3f}")
print(f"test accuracy {test_acc:.4f}")
