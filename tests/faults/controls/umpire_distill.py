"""Distil an ensemble into a small student on hard, overlapping classes (KL at a temperature plus a little CE)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(70)
TEMP, MIX, CLASSES = 3.0, 0.8, 5


def balls(n):
    y = torch.randint(0, CLASSES, (n,))
    angle = 2 * torch.pi * y / CLASSES
    x = torch.randn(n, 8)
    x[:, 0] += 1.3 * torch.cos(angle)
    x[:, 1] += 1.3 * torch.sin(angle)
    x[:, 2] = x[:, 2] * (0.6 + 0.25 * y)
    return x, y


def mlp(width):
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        z = model(x)
    return F.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


def train(model, x, y, loss_fn, epochs, lr, tag, val):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=2e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(100):
            loss = loss_fn(model(x[idx]), x[idx], y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        print(f"{tag} {epoch + 1} loss {loss.item():.4f} val ce %.4f acc %.4f" % evaluate(model, *val))
    return model


x, y = balls(6000)
x_val, y_val = balls(3000)
mean, std = x.mean(0), x.std(0)
x, x_val = (x - mean) / std, (x_val - mean) / std
plain = lambda z, xb, yb: F.cross_entropy(z, yb)
teachers = [train(mlp(32), x, y, plain, 6, 0.02, f"teacher {i}", (x_val, y_val)).requires_grad_(False) for i in range(3)]


def distil(z, xb, yb):
    with torch.no_grad():
        soft = torch.stack([t(xb) for t in teachers]).mean(0).div(TEMP).softmax(-1)
    kl = F.kl_div(F.log_softmax(z / TEMP, -1), soft, reduction="batchmean") * TEMP ** 2
    return MIX * kl + (1 - MIX) * F.cross_entropy(z, yb)


student = train(mlp(12), x, y, distil, 12, 0.02, "student", (x_val, y_val))
print(f"student accuracy {evaluate(student, x_val, y_val)[1]:.4f}")
