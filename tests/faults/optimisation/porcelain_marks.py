import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser(description="maker's marks on porcelain, 8x8 crops")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--weight-decay", type=float, default=0.03)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

torch.manual_seed(args.seed)
images, marks = load_digits(return_X_y=True)
images = ((images - images.mean()) / images.std()).reshape(-1, 1, 8, 8)
x_tr, x_te, y_tr, y_te = train_test_split(images, marks, test_size=0.25, stratify=marks, random_state=args.seed)
x_tr, x_te = (torch.tensor(a, dtype=torch.float32) for a in (x_tr, x_te))
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)


class MarkNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 12, 3, padding=1)
        self.c2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc1 = nn.Linear(24 * 4, 48)
        self.fc2 = nn.Linear(48, 10)
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        x = F.max_pool2d(F.gelu(self.c1(x)), 2)
        x = F.max_pool2d(F.gelu(self.c2(x)), 2)
        return self.fc2(self.drop(F.gelu(self.fc1(x.flatten(1)))))


net = MarkNet()
optimizer = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=args.weight_decay)
steps_per_epoch = int(np.ceil(len(x_tr) / args.batch_size))
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, epochs=args.epochs,
                                                steps_per_epoch=steps_per_epoch)


def error_rate():
    net.eval()
    with torch.no_grad():
        out = net(x_te)
    return (out.argmax(1) != y_te).float().mean().item(), F.cross_entropy(out, y_te).item()


for epoch in range(1, args.epochs + 1):
    net.train()
    for rows in torch.randperm(len(x_tr)).split(args.batch_size):
        loss = F.cross_entropy(net(x_tr[rows]), y_tr[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    err, test_loss = error_rate()
    print(f"epoch {epoch} train {loss.item():.3f} test {test_loss:.3f} error {err:.3f}")

print(f"test error rate: {error_rate()[0]:.4f}")
