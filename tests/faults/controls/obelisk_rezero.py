"""Glyph classes on worn obelisks (digits as a stand-in): a deep residual MLP whose branches start switched off."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class GatedBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return x + self.alpha * self.branch(x)


class DeepGlyphNet(nn.Module):
    def __init__(self, depth=16, width=32, classes=10):
        super().__init__()
        self.embed = nn.Linear(64, width)
        self.blocks = nn.Sequential(*[GatedBlock(width) for _ in range(depth)])
        self.head = nn.Linear(width, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.blocks(self.embed(x)))


def run(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    loss_sum, hits, n = 0.0, 0, 0
    for xb, yb in loader:
        with torch.set_grad_enabled(opt is not None):
            out = model(xb)
            loss = loss_fn(out, yb)
        if opt is not None:
            opt.zero_grad()
            loss.backward()
            opt.step()
        loss_sum += loss.item() * len(xb)
        hits += (out.argmax(1) == yb).sum().item()
        n += len(xb)
    return loss_sum / n, hits / n


torch.manual_seed(2024)
x, y = load_digits(return_X_y=True)
x = ((x - x.mean()) / x.std()).astype(np.float32)
x_tr, x_te, y_tr, y_te = train_test_split(x, y, test_size=0.3, stratify=y, random_state=5)
train = DataLoader(TensorDataset(torch.from_numpy(x_tr), torch.from_numpy(y_tr)), batch_size=32, shuffle=True)
test = DataLoader(TensorDataset(torch.from_numpy(x_te), torch.from_numpy(y_te)), batch_size=270)
model = DeepGlyphNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
for epoch in range(20):
    tr = run(model, train, nn.CrossEntropyLoss(label_smoothing=0.05), optimizer)
    te = run(model, test, nn.CrossEntropyLoss(label_smoothing=0.05))
    sched.step()
    print("epoch %2d  train %.4f (%.3f)  test %.4f (%.3f)" % (epoch + 1, *tr, *te))
print("test accuracy %.4f" % te[1])
