import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

# 12 cupping scores per tea -> garden of origin
config = dict(seed=6, gardens=10, scores=12, train=2400, test=600,
              width=48, dropout=0.9, batch=64, epochs=24, lr=2e-3)


def cuppings(cfg):
    rng = np.random.default_rng(cfg["seed"])
    profile = rng.normal(0, 1, (cfg["gardens"], cfg["scores"]))
    flush = rng.normal(0, 0.9, (cfg["gardens"], 2, cfg["scores"]))   # spring and autumn flush differ
    n = cfg["train"] + cfg["test"]
    garden = rng.integers(0, cfg["gardens"], n)
    season = rng.integers(0, 2, n)
    taster = rng.normal(0, 0.4, (n, 1))
    x = 6 + profile[garden] + flush[garden, season] + taster + rng.normal(0, 0.95, (n, cfg["scores"]))
    return x.astype(np.float32), garden


class CuppingNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        w = cfg["width"]
        self.fc1 = nn.Linear(cfg["scores"], w)
        self.fc2 = nn.Linear(w, w)
        self.out = nn.Linear(w, cfg["gardens"])
        self.drop = nn.Dropout(cfg["dropout"])

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = self.drop(torch.relu(self.fc2(x)))
        return self.out(x)


def evaluate(model, loader, loss_fn):
    model.eval()
    loss, right, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += loss_fn(out, y).item() * len(y)
            right += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, right / n


torch.manual_seed(config["seed"])
x, y = cuppings(config)
cut = config["train"]
centre, spread = x[:cut].mean(0), x[:cut].std(0)
x, y = torch.from_numpy((x - centre) / spread), torch.from_numpy(y)
train_loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=config["batch"], shuffle=True)
test_loader = DataLoader(TensorDataset(x[cut:], y[cut:]), batch_size=300)

model = CuppingNet(config)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"], weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config["epochs"])

for epoch in range(config["epochs"]):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss_fn(model(xb), yb).backward()
        optimizer.step()
    scheduler.step()
    train_loss, train_acc = evaluate(model, train_loader, loss_fn)
    test_loss, test_acc = evaluate(model, test_loader, loss_fn)
    print(f"epoch {epoch + 1:2d} train {train_loss:.4f} ({train_acc:.3f}) test {test_loss:.4f} ({test_acc:.3f})")
print("accuracy on the test cuppings:", round(test_acc, 4))
