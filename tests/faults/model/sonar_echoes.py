import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(17)
torch.manual_seed(17)


def echoes(n):
    label = rng.permutation(np.arange(n) % 4)
    t = np.linspace(0, 1, 48)
    centre = rng.uniform(0.3, 0.7, (n, 1))
    envelope = np.exp(-((t - centre) / 0.12) ** 2)
    chirp = np.array([-22.0, -7.0, 7.0, 22.0])[label][:, None]
    phase = 2 * np.pi * (14 * (t - centre) + chirp * (t - centre) ** 2 * 2 + rng.random((n, 1)))
    x = 2.2 * envelope * np.sin(phase) + 0.35 * rng.normal(size=(n, 48))
    return torch.tensor(x / 0.85, dtype=torch.float32).unsqueeze(1), torch.tensor(label)


def block(c_in, c_out, stride=1):
    return nn.Sequential(
        nn.Conv1d(c_in, c_out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm1d(c_out),
        nn.ReLU(inplace=True),
    )


class EchoNet(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [8, 16, 16, 16]
        layers, c = [], 1
        for i, w in enumerate(widths):
            layers.append(block(c, w, stride=2 if i in (1, 2) else 1))
            c = w
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(c, 4)

    def forward(self, x):
        return self.head(self.body(x).mean(-1))


@torch.no_grad()
def evaluate(model, x, y):
    model.eval()
    out = model(x)
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x_train, y_train = echoes(1600)
x_valid, y_valid = echoes(600)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)
model = EchoNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
epochs = 10
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)

print("untrained: loss %.3f acc %.3f" % evaluate(model, x_valid, y_valid))
for epoch in range(1, epochs + 1):
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    scheduler.step()
    val_loss, val_acc = evaluate(model, x_valid, y_valid)
    print(f"epoch {epoch}: train {total / len(x_train):.3f} val {val_loss:.3f} val acc {val_acc:.3f}")
print(f"best we can say: accuracy {val_acc:.3f}")
