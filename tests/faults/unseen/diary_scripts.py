"""Handwritten digits of a farm diary (scikit-learn's digits) with a regularised net."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
torch.set_num_threads(1)

digits = load_digits()
x = (digits.data / 16.0).astype(np.float32)
x_train, x_test, y_train, y_test = train_test_split(x, digits.target, test_size=0.25, stratify=digits.target, random_state=0)
x_train, x_test = torch.from_numpy(x_train), torch.from_numpy(x_test)
y_train, y_test = torch.from_numpy(y_train), torch.from_numpy(y_test)


class DiaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5))
        self.mid = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.5))
        self.top = nn.Linear(128, 10)

    def forward(self, pixels):
        return self.top(self.mid(self.stem(pixels)))


net = DiaryNet()
opt = torch.optim.Adam(net.parameters(), lr=1.5e-3)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(1, 31):
    net.train()
    right, total = 0, 0.0
    for rows in torch.randperm(len(x_train)).split(32):
        out = net(x_train[rows])
        loss = loss_fn(out, y_train[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        right += (out.argmax(1) == y_train[rows]).sum().item()
        total += loss.item() * len(rows)
    net.eval()
    with torch.no_grad():
        z = net(x_test)
        test_loss = loss_fn(z, y_test).item()
        test_acc = (z.argmax(1) == y_test).float().mean().item()
    if epoch % 3 == 0:
        print(f"epoch {epoch:2d}  train loss {total / len(x_train):.3f} acc {right / len(x_train):.3f}  test loss {test_loss:.3f} acc {test_acc:.3f}")
