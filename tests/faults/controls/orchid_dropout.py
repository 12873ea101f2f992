import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(19)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(digits.target)
perm = torch.randperm(len(images))
images, labels = images[perm], labels[perm]
mean, std = images[:1200].mean(), images[:1200].std()
images = (images - mean) / std
x_train, y_train, x_test, y_test = images[:1200], labels[:1200], images[1200:], labels[1200:]


class WideNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 24, 3, padding=1)
        self.fc1 = nn.Linear(24 * 16, 160)
        self.fc2 = nn.Linear(160, 10)
        self.drop2d = nn.Dropout2d(0.25)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = self.drop2d(x)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(self.drop(x))


model = WideNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.08, momentum=0.9, nesterov=True, weight_decay=5e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25)
for epoch in range(25):
    model.train()
    total, hits = 0.0, 0
    order = torch.randperm(len(x_train))
    for rows in order.split(48):
        out = model(x_train[rows])
        loss = F.cross_entropy(out, y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
        hits += (out.argmax(1) == y_train[rows]).sum().item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(x_test)
        test_loss = F.cross_entropy(out, y_test).item()
        acc = (out.argmax(1) == y_test).float().mean().item()
    if epoch % 2 == 0:
        print(f"epoch {epoch:2d}  train {total / len(x_train):.4f} ({hits / len(x_train):.3f})  test {test_loss:.4f} ({acc:.3f})")
print(f"test accuracy {acc:.4f}")
