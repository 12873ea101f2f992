# First-break picking: in which of 6 time bins does the seismic wave arrive?
import numpy as np
import torch
import torch.nn as nn


def shot_gather(n, rng, length=60, bins=6):
    arrival = rng.uniform(0, length, n)
    t = np.arange(length)[None]
    after = np.clip(t - arrival[:, None], 0, None)
    period = rng.uniform(4, 7, (n, 1))
    wave = np.sin(2 * np.pi * after / period) * np.exp(-after / 12.0) * rng.uniform(1.6, 3.0, (n, 1))
    trace = wave + 0.35 * rng.normal(size=(n, length))
    trace /= 0.75
    return torch.tensor(trace[:, None], dtype=torch.float32), torch.tensor(arrival // (length // bins)).long()


class PickerNet(nn.Module):
    def __init__(self, channels=12, depth=10, bins=6):
        super().__init__()
        self.stem = nn.Conv1d(1, channels, 5, padding=2)
        self.layers = nn.ModuleList([nn.Conv1d(channels, channels, 3, padding=1) for _ in range(depth)])
        self.squeeze = nn.AvgPool1d(5)
        self.fc = nn.Linear(channels * 12, bins)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        for conv in self.layers:
            x = torch.relu(conv(x))
        return self.fc(self.squeeze(x).flatten(1))


def train(model, x, y, x_val, y_val, epochs, batch_size, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        shuffled = torch.randperm(len(x))
        train_loss = 0.0
        for b in range(0, len(x), batch_size):
            rows = shuffled[b:b + batch_size]
            optimizer.zero_grad()
            loss = criterion(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * len(rows) / len(x)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            logits = model(x_val)
            val_loss = criterion(logits, y_val).item()
            val_acc = (logits.argmax(1) == y_val).float().mean().item()
        print(f"epoch {epoch:2d} train_loss {train_loss:.4f} val_loss {val_loss:.4f} val_acc {val_acc:.4f}")
    return val_acc


if __name__ == "__main__":
    torch.manual_seed(6)
    rng = np.random.default_rng(6)
    x, y = shot_gather(2000, rng)
    x_val, y_val = shot_gather(600, rng)
    acc = train(PickerNet(), x, y, x_val, y_val, epochs=10, batch_size=40, lr=0.02)
    print(f"picks in the right bin: {acc:.4f}")
