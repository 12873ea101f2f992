import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class AttentionPool(nn.Module):
    """Weighted mean of the rows of a picture, the weights from the rows themselves."""

    def __init__(self, dim):
        super().__init__()
        self.score = nn.Linear(dim, 1)

    def forward(self, h):
        weight = torch.softmax(self.score(h), dim=1)
        return (weight * h).sum(dim=1)


class RowNet(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.position = nn.Parameter(torch.randn(8, dim) * 0.3)
        self.embed = nn.Linear(8, dim)
        self.mix = nn.Linear(dim, 32)
        self.pool = AttentionPool(32)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x):
        h = torch.tanh(self.embed(x) + self.position)
        h = torch.relu(self.mix(h))
        h = torch.from_numpy(h.detach().numpy())
        return self.head(self.pool(h))


torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = ((images - images.mean()) / images.std()).astype(np.float32).reshape(-1, 8, 8)
x_train, x_test, y_train, y_test = (torch.from_numpy(a) for a in train_test_split(images, labels, test_size=300, random_state=0))

net = RowNet()
opt = torch.optim.AdamW(net.parameters(), lr=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=16)
for epoch in range(16):
    batches = torch.randperm(len(x_train)).split(32)
    for b in batches:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x_train[b]), y_train[b])
        loss.backward()
        opt.step()
    sched.step()
    with torch.no_grad():
        train_acc = (net(x_train).argmax(1) == y_train).float().mean().item()
        test_acc = (net(x_test).argmax(1) == y_test).float().mean().item()
    print(f"{epoch:>2} lr {sched.get_last_lr()[0]:.5f} train {train_acc:.3f} test {test_acc:.3f}")
