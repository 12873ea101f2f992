import argparse
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--max-norm", type=float, default=2.0)
args = parser.parse_args()
torch.manual_seed(12)


def bursts(n, length=64):
    """Chirps that rise or fall, slow or fast, or a steady tone, in noise."""
    t = torch.linspace(0, 1, length)
    slopes = torch.tensor([-14.0, -6.0, 0.0, 6.0, 14.0])
    y = torch.randint(0, 5, (n,))
    start = 12 + 2 * torch.rand(n, 1)
    phase = 2 * math.pi * (start * t + 0.5 * slopes[y].unsqueeze(1) * t ** 2 + torch.rand(n, 1))
    x = torch.stack([torch.cos(phase), torch.sin(phase)], 1)
    x = x + 1.2 * torch.randn_like(x)
    return x / x.std(), y


x, y = bursts(2200)
train_set, val_set = random_split(TensorDataset(x, y), [1800, 400])
train_loader = DataLoader(train_set, args.batch, shuffle=True)
val_loader = DataLoader(val_set, 200)


class BurstNet(nn.Module):
    def __init__(self, ch=24):
        super().__init__()
        self.c1 = nn.Conv1d(2, ch, 7, padding=3)
        self.c2 = nn.Conv1d(ch, ch, 5, padding=2)
        self.fc = nn.Linear(ch * 4, 5)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.relu(self.c2(x))
        x = F.adaptive_avg_pool1d(x, 4).flatten(1)
        return self.fc(x)


model = BurstNet()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
scaler = torch.amp.GradScaler("cpu", init_scale=256.0)

for epoch in range(args.epochs):
    model.train()
    running = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(xb), yb)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.max_norm)
        scaler.step(optimizer)
        scaler.update()
        running += loss.item()
    scheduler.step()
    model.eval()
    hits = 0
    vloss = 0.0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            vloss += F.cross_entropy(out, yb).item() / len(val_loader)
            hits += (out.argmax(1) == yb).sum().item()
    print(f"epoch {epoch + 1:2d} loss {running / len(train_loader):.4f} val loss {vloss:.4f} val acc {hits / len(val_set):.4f}")
