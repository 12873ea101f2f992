"""Small CNN on synthetic wood-turning scans, trained with autocast and a gradient scaler."""
import math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

device = "cuda" if torch.cuda.is_available() else "cpu"
amp_dtype = torch.float16 if device == "cuda" else torch.bfloat16
CLASSES = 5
SIZE = 12


def scans(n, generator):
    ramp = torch.linspace(-1, 1, SIZE)
    yy, xx = torch.meshgrid(ramp, ramp, indexing="ij")
    label = torch.randint(CLASSES, (n,), generator=generator)
    angle = label.float() * math.pi / CLASSES + 0.12 * torch.randn(n, generator=generator)
    phase = 6.28 * torch.rand(n, generator=generator)
    wave = torch.cos(angle)[:, None, None] * xx + torch.sin(angle)[:, None, None] * yy
    img = torch.sin(6 * wave + phase[:, None, None]) + 0.8 * torch.randn(n, SIZE, SIZE, generator=generator)
    return TensorDataset((img / img.std()).unsqueeze(1), label)


class TurningNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, c, 3, padding=1), nn.GroupNorm(3, c), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(c, 2 * c, 3, padding=1), nn.GroupNorm(3, 2 * c), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.classifier = nn.Linear(8 * c, CLASSES)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def evaluate(model, loader, loss_fn):
    model.eval()
    total, hits = 0.0, 0
    with torch.inference_mode():
        for img, label in loader:
            img, label = img.to(device), label.to(device)
            out = model(img)
            total += loss_fn(out, label).item() * len(label)
            hits += (out.argmax(1) == label).sum().item()
    return total / len(loader.dataset), hits / len(loader.dataset)


def main(epochs=10, lr=0.01, max_norm=2.0):
    torch.manual_seed(6)
    data = scans(3500, torch.Generator().manual_seed(6))
    train_set, val_set = random_split(data, [2500, 1000], torch.Generator().manual_seed(1))
    train = DataLoader(train_set, batch_size=50, shuffle=True)
    val = DataLoader(val_set, batch_size=250)
    model = TurningNet().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=1e-3)
    scaler = torch.amp.GradScaler(device, init_scale=2.0 ** 6)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for img, label in train:
            img, label = img.to(device), label.to(device)
            optimizer.zero_grad()
            with torch.autocast(device, dtype=amp_dtype):
                loss = loss_fn(model(img), label)
            scaler.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
            running += loss.item()
        val_loss, val_acc = evaluate(model, val, loss_fn)
        print(f"epoch {epoch + 1}: train {running / len(train):.4f}  val {val_loss:.4f}  acc {val_acc:.4f}")
    print(f"validation accuracy {val_acc:.4f}")


if __name__ == "__main__":
    main()
