import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.a = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.b = nn.Conv2d(c_out, c_out, 3, padding=1)

    def forward(self, x):
        return F.relu(self.b(F.relu(self.a(x))))


class SmallUNet(nn.Module):
    def __init__(self, c=6):
        super().__init__()
        self.enc1 = DoubleConv(1, c)
        self.enc2 = DoubleConv(c, 2 * c)
        self.up = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
        self.dec = DoubleConv(2 * c, c)
        self.out = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        s = self.enc1(x)
        d = self.enc2(F.max_pool2d(s, 2))
        d = self.dec(torch.cat([s, self.up(d)], dim=1))
        return torch.sigmoid(self.out(d))


def draw(n, rng, size=16):
    yy, xx = np.mgrid[:size, :size]
    masks = np.zeros((n, size, size), dtype=np.float32)
    for m in masks:
        for _ in range(5):
            cy, cx, r = rng.uniform(2, size - 2), rng.uniform(2, size - 2), rng.uniform(2.0, 4.0)
            m[(yy - cy) ** 2 + (xx - cx) ** 2 < r * r] = 1.0
    images = 1.6 * masks + rng.normal(0, 0.8, masks.shape)
    images = (images - images.mean()) / images.std()
    return torch.tensor(images[:, None], dtype=torch.float32), torch.tensor(masks[:, None])


def iou(output, masks):
    hit = output > 0.5
    truth = masks > 0.5
    return ((hit & truth).sum() / (hit | truth).sum()).item()


def fit(model, x, y, epochs=14, batch_size=16):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=epochs)
    criterion = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        losses = []
        for idx in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss = criterion(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {epoch + 1:2d}: loss {np.mean(losses):.4f}")


torch.manual_seed(6)
rng = np.random.default_rng(6)
x_train, y_train = draw(400, rng)
x_val, y_val = draw(150, rng)
unet = SmallUNet()
fit(unet, x_train, y_train)
unet.eval()
with torch.no_grad():
    output = unet(x_val)
    print(f"validation loss {F.binary_cross_entropy_with_logits(output, y_val).item():.4f} IoU {iou(output, y_val):.4f}")
