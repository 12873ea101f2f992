import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(1)
SHAPES = ("triangle", "disc", "square", "diamond", "cross", "ring")


def draw(kind, size=14):
    yy, xx = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")
    cy, cx = size / 2 + torch.randn(2) * 1.2 - 0.5
    r = 3.2 + torch.rand(1) * 1.6
    dy, dx = yy - cy, xx - cx
    if kind == 0:
        inside = (dy < r * 0.8) & (dy > 1.9 * dx.abs() - r)
    elif kind == 1:
        inside = dy ** 2 + dx ** 2 < r ** 2
    elif kind == 2:
        inside = torch.maximum(dy.abs(), dx.abs()) < r * 0.9
    elif kind == 3:
        inside = dy.abs() + dx.abs() < r * 1.2
    elif kind == 4:
        inside = (torch.minimum(dy.abs(), dx.abs()) < 1.2) & (torch.maximum(dy.abs(), dx.abs()) < r)
    else:
        d = (dy ** 2 + dx ** 2).sqrt()
        inside = (d < r) & (d > r - 1.7)
    return inside.float() + 0.35 * torch.randn(size, size)


labels = torch.arange(2700) % len(SHAPES)
images = torch.stack([draw(int(k)) for k in labels]).unsqueeze(1)
images = (images - images.mean()) / images.std()
train_set, val_set = random_split(TensorDataset(images, labels), [2100, 600])


class SignNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(24 * 9, len(SHAPES)))

    def forward(self, x):
        return self.classifier(self.features(x))


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * x.size(0)
    return running / len(loader.dataset)


@torch.no_grad()
def validate(model, loader, criterion):
    model.eval()
    loss, correct = 0.0, 0
    for x, y in loader:
        out = model(x)
        loss += criterion(out, y).item() * x.size(0)
        correct += (out.argmax(1) == y).sum().item()
    return loss / len(loader.dataset), correct / len(loader.dataset)


model = SignNet()
criterion = nn.CrossEntropyLoss()
optimizer = optim.RMSprop(model.parameters(), lr=2e-3)
scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[10, 15], gamma=0.3)
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=200)
for epoch in range(18):
    tr = train_epoch(model, train_loader, criterion, optimizer)
    vl, va = validate(model, val_loader, criterion)
    scheduler.step()
    print(f"[{epoch + 1:02d}/18] train={tr:.4f} val={vl:.4f} acc={va:.4f}")
print("validation accuracy:", round(va, 4))
