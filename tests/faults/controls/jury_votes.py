import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 26
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)

# Each row is a case put before one juror; the vote is a matter of taste as much as of the facts.
n = 9000
facts = rng.normal(size=(n, 7)).astype("float32")
lean = 0.7 * facts[:, 0] - 0.5 * facts[:, 1] + 0.5 * np.tanh(facts[:, 2] * 2) - 0.3 * facts[:, 3]
vote = (rng.random(n) < 1 / (1 + np.exp(-lean))).astype("float32")

x, y = torch.from_numpy(facts), torch.from_numpy(vote)
x_train, y_train, x_test, y_test = x[:6000], y[:6000], x[6000:], y[6000:]
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=100, shuffle=True, drop_last=True)

model = nn.Sequential(nn.Linear(7, 12), nn.Tanh(), nn.Linear(12, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.85)

for epoch in range(14):
    model.train()
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test).squeeze(1)
        test_loss = criterion(logits, y_test).item()
        accuracy = ((logits > 0).float() == y_test).float().mean().item()
    print(f"epoch {epoch + 1:2d}  train {running / len(loader):.4f}  test {test_loss:.4f}  accuracy {accuracy:.4f}")
print(f"test accuracy {accuracy:.4f}")
