"""A small net learns a larger net's opinions of insect wings (KL divergence at a temperature)."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(16)

ORDERS = 6


def wings(n, prototypes):
    order = torch.randint(0, ORDERS, (n,))
    form = torch.randint(0, 3, (n,))
    return prototypes[order, form] + 0.75 * torch.randn(n, 14), order


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def accuracy(net, x, y):
    with torch.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


def fit_teacher(net, x, y, epochs=8):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            loss = F.cross_entropy(net(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
    return net.eval()


def distill(student, teacher, x, y, x_test, y_test, temperature=3.0, mix=0.7, epochs=30):
    opt = torch.optim.Adam(student.parameters(), lr=3e-3)
    for epoch in range(1, epochs + 1):
        soft_sum = hard_sum = 0.0
        for rows in torch.randperm(len(x)).split(64):
            with torch.no_grad():
                target = F.softmax(teacher(x[rows]) / temperature, dim=1)
            out = student(x[rows])
            soft = F.kl_div(F.log_softmax(out / temperature, dim=1), target, reduction="batchmean") * temperature ** 2
            hard = F.cross_entropy(out, y[rows])
            loss = mix * soft + (1 - mix) * hard
            opt.zero_grad()
            loss.backward()
            opt.step()
            soft_sum += soft.item() * len(rows)
            hard_sum += hard.item() * len(rows)
        if epoch % 5 == 0:
            print(f"{epoch:2d} kl {soft_sum / len(x):.4f} ce {hard_sum / len(x):.4f} student acc {accuracy(student, x_test, y_test):.3f}")


prototypes = torch.randn(ORDERS, 3, 14)
x, y = wings(3000, prototypes)
x_test, y_test = wings(800, prototypes)
teacher = fit_teacher(mlp(14, 128, 128, ORDERS), x, y)
print(f"teacher acc {accuracy(teacher, x_test, y_test):.3f}")
student = mlp(14, 48, ORDERS)
distill(student, teacher, x, y, x_test, y_test)
