import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return F.relu(self.layers[-1](x))


def batches(x, y, size):
    perm = torch.randperm(x.shape[0])
    for i in range(0, x.shape[0], size):
        yield x[perm[i:i + size]], y[perm[i:i + size]]


data, target = load_digits(return_X_y=True)
xtr, xte, ytr, yte = train_test_split(data, target, test_size=400, random_state=0, stratify=target)
mean, std = xtr.mean(), xtr.std()
xtr = torch.tensor((xtr - mean) / std, dtype=torch.float32)
xte = torch.tensor((xte - mean) / std, dtype=torch.float32)
ytr, yte = torch.tensor(ytr), torch.tensor(yte)

net = MLP([64, 48, 32, 10])
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)

for epoch in range(1, 16):
    net.train()
    seen, loss_sum = 0, 0.0
    for xb, yb in batches(xtr, ytr, 40):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(xb)
        seen += len(xb)
    net.eval()
    with torch.no_grad():
        out = net(xte)
        val_loss = F.cross_entropy(out, yte).item()
        val_acc = (out.argmax(1) == yte).float().mean().item()
    print(f"{epoch:>3} train_loss={loss_sum / seen:.4f} val_loss={val_loss:.4f} val_acc={val_acc:.4f}")
