import math

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
epochs, batch_size, peak_lr, warmup = 15, 48, 0.15, 60

X, y = load_digits(return_X_y=True)
X = (X - X.mean()) / X.std()
Xa, Xb, ya, yb = train_test_split(X.astype("float32"), y, test_size=0.2, random_state=1)
train = DataLoader(TensorDataset(torch.from_numpy(Xa), torch.from_numpy(ya)), batch_size, shuffle=True)
Xb, yb = torch.from_numpy(Xb), torch.from_numpy(yb)
total = epochs * len(train)


def schedule(step):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(model.parameters(), lr=peak_lr, momentum=0.9, nesterov=True)
sched = LambdaLR(opt, schedule)
for epoch in range(epochs):
    for x, t in train:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), t)
        loss.backward()
        opt.step()
        sched.step()
    with torch.no_grad():
        acc = (model(Xb).argmax(1) == yb).float().mean().item()
    print(f"{epoch + 1:3d} | lr {sched.get_last_lr()[0]:.4f} | loss {loss.item():.4f} | acc {acc:.4f}")
