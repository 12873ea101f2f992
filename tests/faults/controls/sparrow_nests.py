"""Distil a wide nest classifier (frozen once trained) into a narrow student; the student's moving average is judged."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F

KINDS, FEATURES, HEAT = 5, 16, 2.0


def nests(n, seed):
    world = torch.Generator().manual_seed(8)
    g = torch.Generator().manual_seed(seed)
    proto = 1.0 * torch.randn(KINDS, 2, FEATURES, generator=world)
    kind = torch.randint(0, KINDS, (n,), generator=g)
    site = torch.randint(0, 2, (n,), generator=g)
    return proto[kind, site] + 1.0 * torch.randn(n, FEATURES, generator=g), kind


def net(width):
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, KINDS))


def hard_loss(model, x, y):
    return F.cross_entropy(model(x), y)


class Distiller:
    def __init__(self, teacher):
        self.teacher = teacher.eval().requires_grad_(False)

    def __call__(self, model, x, y):
        with torch.no_grad():
            target = F.softmax(self.teacher(x) / HEAT, dim=1)
        out = model(x)
        soft = F.kl_div(F.log_softmax(out / HEAT, dim=1), target, reduction="batchmean") * HEAT ** 2
        return 0.3 * F.cross_entropy(out, y) + 0.7 * soft


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        return (out.argmax(1) == y).float().mean().item(), F.cross_entropy(out, y).item()


def fit(model, loss_fn, train, test, epochs, lr, decay, label, average=None, batch=64):
    x, y = train
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=decay)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(y)).split(batch):
            loss = loss_fn(model, x[idx], y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
            if average is not None:
                with torch.no_grad():
                    for slow, fast in zip(average.parameters(), model.parameters()):
                        slow.lerp_(fast, 0.03)
        scheduler.step()
        acc, held = accuracy(model if average is None else average, *test)
        print(f"{label} {epoch + 1:2d}  objective {total / len(y):.4f}  test loss {held:.4f}  test acc {acc:.4f}")
    return acc


def main():
    torch.manual_seed(61)
    x, y = nests(8000, 1)
    x_test, y_test = nests(2000, 2)
    mean, std = x.mean(0), x.std(0)
    train, test = ((x - mean) / std, y), ((x_test - mean) / std, y_test)
    teacher = net(96)
    top = fit(teacher, hard_loss, train, test, 6, 1e-3, 0.05, "teacher")
    student = net(24)
    average = copy.deepcopy(student).requires_grad_(False)
    final = fit(student, Distiller(teacher), train, test, 10, 3e-3, 1e-3, "student", average)
    print(f"teacher accuracy: {top:.4f}")
    print(f"student accuracy: {final:.4f}")


main()
