"""Digits with binary weights (straight-through estimator), for a microcontroller."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class SignSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.where(w >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, grad):
        (w,) = ctx.saved_tensors
        return grad * (w.abs() <= 1).float()


class BinaryLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.latent = nn.Parameter(torch.empty(n_out, n_in).uniform_(-0.3, 0.3))

    def forward(self, x):
        return F.linear(x, SignSTE.apply(self.latent)) / self.latent.shape[1] ** 0.5


class BinaryNet(nn.Module):
    def __init__(self, width=256):
        super().__init__()
        self.fc1, self.bn1 = BinaryLinear(64, width), nn.BatchNorm1d(width)
        self.fc2, self.bn2 = BinaryLinear(width, width), nn.BatchNorm1d(width)
        self.fc3, self.scale = BinaryLinear(width, 10), nn.Parameter(torch.ones(10))

    def forward(self, x):
        x = F.hardtanh(self.bn1(self.fc1(x)))
        x = F.hardtanh(self.bn2(self.fc2(x)))
        return self.fc3(x) * self.scale


def clamp_latent(model):
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, BinaryLinear):
                m.latent.clamp_(-1, 1)


def main(epochs=14, batch=64):
    torch.manual_seed(2)
    X, y = load_digits(return_X_y=True)
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=5, stratify=y)
    mean, std = X_tr.mean(), X_tr.std()
    X_tr, X_te = [torch.tensor((a - mean) / std, dtype=torch.float32) for a in (X_tr, X_te)]
    y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)
    model = BinaryNet()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(X_tr)).split(batch)[:-1]:
            loss = F.cross_entropy(model(X_tr[idx]), y_tr[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            clamp_latent(model)
            total += loss.item()
        sched.step()
        model.eval()
        with torch.no_grad():
            acc = (model(X_te).argmax(1) == y_te).float().mean().item()
        print(f"epoch {epoch + 1:2d} loss {total / (len(X_tr) // batch):.4f} test accuracy {acc:.4f}")
    print(f"accuracy with one-bit weights: {acc:.4f}")


if __name__ == "__main__":
    main()
