import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

# Soil-texture stamps: the 8x8 patches stand in for the scanner's tiles until the real ones arrive.


class PatchNet(nn.Module):
    def __init__(self, hidden=96):
        super().__init__()
        self.stem = nn.Linear(64, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.top = nn.Linear(hidden, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu(self.mid(x))
        return self.top(x)


def prepare(seed):
    data = load_digits()
    x = data.data.astype(np.float32) / 16.0
    x_tr, x_te, y_tr, y_te = train_test_split(x, data.target, test_size=0.3, random_state=seed, stratify=data.target)
    mean, std = x_tr.mean(), x_tr.std()
    f = lambda a: torch.from_numpy((a - mean) / std)
    return f(x_tr), f(x_te), torch.from_numpy(y_tr), torch.from_numpy(y_te)


def fit(model, x, y, x_te, y_te, epochs=14, batch=32):
    opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.997, nesterov=True, weight_decay=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    history = []
    for epoch in range(1, epochs + 1):
        model.train()
        losses = []
        for idx in torch.randperm(len(x)).split(batch):
            opt.zero_grad()
            loss = loss_fn(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            out = model(x_te)
            history.append((np.mean(losses), loss_fn(out, y_te).item(), (out.argmax(1) == y_te).float().mean().item()))
        if epoch % 2 == 0:
            print("epoch {:2d}: train {:.4f} test {:.4f} acc {:.4f}".format(epoch, *history[-1]))
    return history


torch.manual_seed(33)
x_train, x_test, y_train, y_test = prepare(33)
hist = fit(PatchNet(), x_train, y_train, x_test, y_test)
print("last test accuracy {:.4f}".format(hist[-1][2]))
