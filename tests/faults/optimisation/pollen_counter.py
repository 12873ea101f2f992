import torch
from torch import nn
from torch.utils.data import DataLoader, random_split, TensorDataset


def render(n, seed):
    """24x24 slides with 0..4 grains on a noisy background."""
    g = torch.Generator().manual_seed(seed)
    grid = torch.arange(24).float()
    counts = torch.randint(0, 5, (n,), generator=g)
    img = 0.3 * torch.randn(n, 24, 24, generator=g)
    for i in range(n):
        for _ in range(int(counts[i])):
            cx, cy = 3 + 18 * torch.rand(2, generator=g)
            blob = torch.exp(-((grid[None] - cx) ** 2 + (grid[:, None] - cy) ** 2) / 3.0)
            img[i] += 1.5 * blob
    img = (img - img.mean()) / img.std()
    return TensorDataset(img.unsqueeze(1), counts)


class GrainCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        )
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        return self.fc(self.conv(x).mean((2, 3)))


def train_step(model, batch, criterion, optimizer):
    images, counts = batch
    optimizer.zero_grad()
    logits = model(images)
    loss = criterion(logits, counts)
    loss.backward
    optimizer.step()
    return loss.item(), (logits.argmax(1) == counts).float().mean().item()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        pairs = [(model(x).argmax(1), y) for x, y in loader]
    pred, true = (torch.cat(p) for p in zip(*pairs))
    return (pred == true).float().mean().item()


def main():
    torch.manual_seed(1)
    train_set, val_set = random_split(render(2400, seed=1), [1900, 500])
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True, drop_last=True)
    val_loader = DataLoader(val_set, batch_size=250)
    model = GrainCNN()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=14)
    for epoch in range(14):
        model.train()
        stats = [train_step(model, batch, criterion, optimizer) for batch in train_loader]
        scheduler.step()
        loss = sum(s[0] for s in stats) / len(stats)
        acc = sum(s[1] for s in stats) / len(stats)
        print(f"epoch {epoch:02d} loss={loss:.4f} acc={acc:.3f} val_acc={validate(model, val_loader):.4f}")


if __name__ == "__main__":
    main()
