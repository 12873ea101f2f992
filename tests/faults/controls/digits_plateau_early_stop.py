import copy

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X, dtype=torch.float32) / 16 - 0.3, torch.tensor(y)
X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, test_size=0.2, random_state=0)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=40, shuffle=True)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=2)
criterion = nn.CrossEntropyLoss()
best, best_state, bad = float("inf"), None, 0

for epoch in range(40):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        criterion(model(xb), yb).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(X_val), y_val).item()
    scheduler.step(val_loss)
    print(f"epoch {epoch + 1} val loss {val_loss:.4f} lr {optimizer.param_groups[0]['lr']:.1e}")
    if val_loss < best - 1e-3:
        best, best_state, bad = val_loss, copy.deepcopy(model.state_dict()), 0
    else:
        bad += 1
        if bad == 5:
            print("early stop")
            break

model.load_state_dict(best_state)
with torch.no_grad():
    print(f"test accuracy: {(model(X_test).argmax(1) == y_test).float().mean().item():.4f}")
