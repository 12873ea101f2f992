"""Growth stage of rapeseed from eight satellite passes (NDVI, red edge, moisture); mixed precision as on the cluster."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

STAGES = ["rosette", "bud", "bloom", "pod", "ripe"]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def fields(n, seed):
    rng = np.random.default_rng(seed)
    stage = rng.integers(0, len(STAGES), n)
    passes = np.arange(8)
    centre = 1.0 + 1.4 * stage[:, None] + rng.normal(0, 0.35, (n, 1))
    ndvi = np.exp(-((passes - centre) / 2.2) ** 2) * rng.normal(1, 0.15, (n, 1))
    red_edge = np.tanh((passes - centre) / 1.5)
    moisture = 0.4 * np.cos(passes / 2 + stage[:, None]) + rng.normal(0, 0.3, (n, 1))
    x = np.concatenate([ndvi, red_edge, moisture], axis=1)
    x += rng.normal(0, 0.25, x.shape)
    return x.astype(np.float32), stage


torch.manual_seed(12)
x_train, y_train = fields(2400, 12)
x_test, y_test = fields(600, 13)
mean, std = x_train.mean(0), x_train.std(0)
train_loader = DataLoader(
    TensorDataset(torch.from_numpy((x_train - mean) / std), torch.from_numpy(y_train)), batch_size=60, shuffle=True)
test_loader = DataLoader(
    TensorDataset(torch.from_numpy((x_test - mean) / std), torch.from_numpy(y_test)), batch_size=300)

model = nn.Sequential(
    nn.Linear(24, 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, len(STAGES)),
).to(DEVICE)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
epochs = 12
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
criterion = nn.CrossEntropyLoss()
scaler = torch.amp.GradScaler(DEVICE, init_scale=2.0 ** 10)


def test():
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x.to(DEVICE)).argmax(1).cpu() == y).sum().item()
    return correct / len(y_test)


for epoch in range(epochs):
    model.train()
    running = 0.0
    for x, y in train_loader:
        x, y = x.to(DEVICE), y.to(DEVICE)
        optimizer.zero_grad()
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()
        running += loss.item() * len(y)
    scheduler.step()
    print(f"epoch {epoch + 1:2d}  loss {running / len(y_train):.4f}  test acc {test():.4f}")
print(f"final test acc {test():.4f}")
