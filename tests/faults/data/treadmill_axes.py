import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(3)
np.random.seed(3)


def record(n, steps=36):
    """accelerometer windows as the logger writes them: (window, axis, time)"""
    gait = np.random.randint(0, 6, n)
    t = np.arange(steps)
    out = np.zeros((n, 3, steps), dtype=np.float32)
    for i, g in enumerate(gait):
        f = np.random.uniform(0.07, 0.11)
        p = np.random.uniform(0, 2 * np.pi)
        lag = [0.0, np.pi / 2, np.pi, -np.pi / 2, 0.0, np.pi][g]
        harm = 0.2 if g < 4 else 0.9
        out[i, 0] = np.sin(2 * np.pi * f * t + p)
        out[i, 1] = np.sin(2 * np.pi * f * t + p + lag)
        out[i, 2] = 0.7 * np.cos(2 * np.pi * f * t + p) + harm * np.sin(4 * np.pi * f * t + p)
    out += 0.45 * np.random.randn(*out.shape)
    return torch.from_numpy(out), torch.from_numpy(gait)


class GaitGRU(nn.Module):
    def __init__(self, axes=3, hidden=32, classes=6):
        super().__init__()
        self.axes = axes
        self.rnn = nn.GRU(axes, hidden, batch_first=True)
        self.norm = nn.LayerNorm(2 * hidden)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, x):
        x = x.reshape(x.size(0), -1, self.axes)
        out, _ = self.rnn(x)
        pooled = torch.cat([out.mean(1), out.max(1).values], 1)
        return self.head(self.norm(pooled))


x_train, y_train = record(1500)
x_val, y_val = record(600)
mu = x_train.mean((0, 2), keepdim=True)
sd = x_train.std((0, 2), keepdim=True)
x_train, x_val = (x_train - mu) / sd, (x_val - mu) / sd

model = GaitGRU()
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [7, 10], gamma=0.3)
criterion = nn.CrossEntropyLoss()
B = 45
for epoch in range(12):
    model.train()
    order = torch.randperm(len(x_train))
    total = 0.0
    for i in range(0, len(order), B):
        j = order[i:i + B]
        loss = criterion(model(x_train[j]), y_train[j])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += loss.item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_val)
    print("epoch", epoch, "loss", round(total / (len(order) // B), 4), "val loss", round(criterion(logits, y_val).item(), 4))
accuracy = (logits.argmax(1) == y_val).float().mean().item()
print(f"val accuracy: {accuracy:.4f}")
