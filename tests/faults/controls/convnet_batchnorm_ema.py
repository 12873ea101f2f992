import copy

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"


def conv(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(), nn.MaxPool2d(2))


@torch.no_grad()
def update_ema(ema, model, decay=0.95):
    for a, b in zip(ema.state_dict().values(), model.state_dict().values()):
        if a.dtype.is_floating_point:
            a.mul_(decay).add_(b, alpha=1 - decay)
        else:
            a.copy_(b)


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


images, labels = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8).div(16)
labels = torch.tensor(labels)
order = torch.randperm(1797)
train, test = order[:1420], order[1420:]
loader = DataLoader(TensorDataset(images[train], labels[train]), batch_size=64, shuffle=True)
x_test, y_test = images[test].to(device), labels[test].to(device)

model = nn.Sequential(conv(1, 12), conv(12, 24), nn.Flatten(), nn.Linear(96, 10)).to(device)
ema = copy.deepcopy(model).requires_grad_(False)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
for epoch in range(6):
    model.train()
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        update_ema(ema, model)
    print(f"epoch {epoch + 1} loss {loss.item():.4f} raw {accuracy(model, x_test, y_test):.4f} ema {accuracy(ema, x_test, y_test):.4f}")
