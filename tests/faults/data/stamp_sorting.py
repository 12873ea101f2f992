# sort postage stamps into catalogue groups from 8x8 scans (digits stand in for the printed value)
from itertools import islice

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(11)
digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(
    digits.images / 16.0, digits.target, test_size=0.3, random_state=11, stratify=digits.target)
as_tensor = lambda a: torch.tensor(a, dtype=torch.float32).unsqueeze(1)
train_ds = TensorDataset(as_tensor(x_train), torch.tensor(y_train))
test_x, test_y = as_tensor(x_test), torch.tensor(y_test)

loader = DataLoader(train_ds, batch_size=24, shuffle=False, drop_last=True)
batches_per_round = 4


class Sorter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 24, 3, padding=1)
        self.conv2 = nn.Conv2d(24, 48, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(48 * 4, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc(self.drop(x.flatten(1)))


net = Sorter()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=220)
for rnd in range(220):
    net.train()
    loss_sum = 0.0
    for xb, yb in islice(loader, batches_per_round):
        out = net(xb)
        loss = nn.functional.cross_entropy(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        loss_sum += loss.item()
    sched.step()
    if (rnd + 1) % 20 == 0:
        net.eval()
        with torch.no_grad():
            acc = (net(test_x).argmax(1) == test_y).float().mean()
        print(f"round {rnd + 1:3d}: loss {loss_sum / batches_per_round:.4f}, test acc {acc:.4f}")
