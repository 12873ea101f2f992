import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


class Discs(Dataset):
    """Grey images with bright discs among dark ones; the mask marks the bright ones."""

    def __init__(self, n, size=20, seed=0):
        g = torch.Generator().manual_seed(seed)
        yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
        self.images = torch.empty(n, 1, size, size)
        self.masks = torch.zeros(n, 1, size, size)
        for k in range(n):
            img = 0.6 * torch.randn(size, size, generator=g)
            for sign in (1.0, 1.0, -1.0):
                cy, cx = torch.randint(3, size - 3, (2,), generator=g).tolist()
                r = torch.randint(2, 5, (1,), generator=g).item()
                inside = (yy - cy) ** 2 + (xx - cx) ** 2 <= r * r
                img[inside] = img[inside] + 0.9 * sign
                if sign > 0:
                    self.masks[k, 0][inside] = 1.0
                else:
                    self.masks[k, 0][inside] = 0.0
            self.images[k, 0] = img
        self.images = (self.images - 0.1) / 0.75

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.masks[i]


class FCN(nn.Module):
    def __init__(self, ch=12):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, ch, 3, padding=1), nn.ReLU(),
            nn.Conv2d(ch, ch, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(ch, ch, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(ch, 1, 1)

    def forward(self, x):
        return self.head(self.body(x))


def iou(model, loader):
    model.eval()
    inter = union = 0.0
    with torch.no_grad():
        for img, mask in loader:
            pred = model(img) > 0
            truth = mask > 0.5
            inter += (pred & truth).sum().item()
            union += (pred | truth).sum().item()
    return inter / max(union, 1.0)


def main():
    torch.manual_seed(77)
    train, val = Discs(480, seed=1), Discs(120, seed=2)
    train_dl = DataLoader(train, batch_size=16, shuffle=True)
    val_dl = DataLoader(val, batch_size=60)
    model = FCN()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.998)
    loss_fn = nn.BCEWithLogitsLoss()
    for epoch in range(1, 21):
        model.train()
        total = 0.0
        for img, mask in train_dl:
            loss = loss_fn(model(img), mask)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch:02d}  bce {total / len(train_dl):.4f}  val IoU {iou(model, val_dl):.4f}")


if __name__ == "__main__":
    main()
