import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(6)
np.random.seed(6)

# three interleaved spirals
n_per_arm, arms = 700, 3
points, arm = [], []
for k in range(arms):
    r = np.sqrt(np.random.rand(n_per_arm))
    angle = 8.0 * r + 2 * np.pi * k / arms + 0.1 * np.random.randn(n_per_arm)
    points.append(np.c_[r * np.cos(angle), r * np.sin(angle)])
    arm.append(np.full(n_per_arm, k))
points, arm = np.concatenate(points), np.concatenate(arm)
points = points / points.std(axis=0)
mix = np.random.permutation(len(points))
X = torch.tensor(points[mix], dtype=torch.float32)
y = torch.tensor(arm[mix])
X_train, y_train, X_val, y_val = X[:1600], y[:1600], X[1600:], y[1600:]


class SpiralNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.a = nn.Linear(2, width)
        self.b = nn.Linear(width, width)
        self.c = nn.Linear(width, arms)

    def forward(self, xy):
        h = torch.tanh(self.a(xy))
        h = torch.tanh(self.b(h))
        return self.c(h)


net = SpiralNet()
optimizer = optim.Adam(net.parameters(), lr=0.015)
criterion = nn.CrossEntropyLoss()
num_epochs = 6
batch_size = 64

for epoch in range(num_epochs):
    net.train()
    shuffled = torch.randperm(len(X_train))
    epoch_loss = 0.0
    for b in range(0, len(X_train), batch_size):
        pick = shuffled[b:b + batch_size]
        optimizer.zero_grad()
        loss = criterion(net(X_train[pick]), y_train[pick])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(pick) / len(X_train)
    net.eval()
    with torch.no_grad():
        val_out = net(X_val)
        val_loss = criterion(val_out, y_val)
        val_acc = (val_out.argmax(1) == y_val).float().mean()
    print("epoch: {:3d}  loss: {:.4f}  val_loss: {:.4f}  val_acc: {:.4f}".format(epoch + 1, epoch_loss, val_loss, val_acc))

print("Validation accuracy {:.4f}".format(val_acc))
