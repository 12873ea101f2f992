import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

# Pasta dryers: name the fault state (6 of them) from 18 averaged sensor channels.
# Gradients are summed over micro-batches, as on the plant's little computer.
MICRO_BATCH = 2
ACCUMULATE = 16
EPOCHS = 7

torch.manual_seed(123)


def plant_log(n):
    y = torch.randint(0, 6, (n,))
    profile = torch.randn(6, 18, generator=torch.Generator().manual_seed(1)) * 0.95
    humidity = torch.randn(n, 1)
    x = profile[y] + 0.6 * humidity * torch.linspace(-1, 1, 18) + 0.9 * torch.randn(n, 18)
    x[:, 10:] = x[:, 10:].abs() ** 1.3
    return x, y


class DryerNet(nn.Module):
    def __init__(self, n_in=18, width=32, n_out=6):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, n_out),
        )

    def forward(self, x):
        return self.net(x)


x, y = plant_log(1920)
mean, std = x[:1120].mean(0), x[:1120].std(0)
x = (x - mean) / std
train_loader = DataLoader(TensorDataset(x[:1120], y[:1120]), batch_size=MICRO_BATCH, shuffle=True, drop_last=True)
x_test, y_test = x[1120:], y[1120:]

model = DryerNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
criterion = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    for step, (xb, yb) in enumerate(train_loader, 1):
        loss = criterion(model(xb), yb)
        (loss / ACCUMULATE).backward()
        running += loss.item()
        if step % ACCUMULATE == 0:
            optimizer.step()
            optimizer.zero_grad()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    acc = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch + 1:2d}: train {running / len(train_loader):.4f}  test {criterion(logits, y_test).item():.4f}  acc {acc:.4f}")

print(f"states named right: {acc:.4f}")
