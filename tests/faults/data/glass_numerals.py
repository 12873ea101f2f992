import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, DataLoader


class Numerals(Dataset):
    """8x8 numerals etched in glass, values 0..16."""

    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        x = torch.tensor(self.images[i], dtype=torch.float32).reshape(1, 8, 8)
        if self.transform:
            x = self.transform(x)
        return x, int(self.labels[i])


def for_training(x):
    if torch.rand(1) < 0.5:
        x = x + 0.5 * torch.randn_like(x)
    return (x / 16 - 0.5) / 0.5


def for_checking(x):
    return x / 16


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.dropout(x.flatten(1), 0.2, self.training)
        return self.fc2(F.relu(self.fc1(x)))


torch.manual_seed(1)
digits = load_digits()
a, b, c, d = train_test_split(digits.data, digits.target, test_size=0.25, random_state=1, stratify=digits.target)
train_dl = DataLoader(Numerals(a, c, for_training), batch_size=32, shuffle=True)
test_dl = DataLoader(Numerals(b, d, for_checking), batch_size=128)

net = Net()
optim = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, nesterov=True)
sched = torch.optim.lr_scheduler.OneCycleLR(optim, max_lr=0.03, total_steps=15 * len(train_dl))

for epoch in range(15):
    net.train()
    s = 0
    for xb, yb in train_dl:
        optim.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        optim.step()
        sched.step()
        s += loss.item()
    net.eval()
    ok, tot, vl = 0, 0, 0.0
    with torch.no_grad():
        for xb, yb in test_dl:
            out = net(xb)
            vl += F.cross_entropy(out, yb, reduction="sum").item()
            ok += (out.argmax(-1) == yb).sum().item()
            tot += len(yb)
    print("epoch", epoch, "train loss", round(s / len(train_dl), 4), "test loss", round(vl / tot, 4), "test acc", round(ok / tot, 4))
