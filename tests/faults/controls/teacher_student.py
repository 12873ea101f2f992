import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

TEMPERATURE, ALPHA = 3.0, 0.7


def conv_net(width):
    return nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(8 * width, 10))


class EMA:
    def __init__(self, model, decay=0.97):
        self.shadow = copy.deepcopy(model).eval()
        self.decay = decay
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for s, p in zip(self.shadow.state_dict().values(), model.state_dict().values()):
            if s.dtype.is_floating_point:
                s.lerp_(p, 1 - self.decay)
            else:
                s.copy_(p)


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)


def train_teacher(teacher, loader, epochs=8):
    opt = torch.optim.Adam(teacher.parameters(), lr=3e-3)
    for _ in range(epochs):
        teacher.train()
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(teacher(x), y).backward()
            opt.step()


def distill(teacher, student, loader, test_loader, epochs=16):
    opt = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
    ema = EMA(student)
    for epoch in range(1, epochs + 1):
        student.train()
        total = 0.0
        for x, y in loader:
            with torch.no_grad():
                soft = F.softmax(teacher(x) / TEMPERATURE, dim=1)
            logits = student(x)
            kd = F.kl_div(F.log_softmax(logits / TEMPERATURE, dim=1), soft, reduction="batchmean") * TEMPERATURE ** 2
            loss = ALPHA * kd + (1 - ALPHA) * F.cross_entropy(logits, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            ema.update(student)
            total += loss.item() * len(x)
        schedule.step()
        print(f"epoch {epoch:2d} distillation loss {total / len(loader.dataset):.4f} averaged student {accuracy(ema.shadow, test_loader):.4f}")


torch.manual_seed(23)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
train, test = random_split(TensorDataset(x, torch.tensor(d.target)), [1400, 397])
loader, test_loader = DataLoader(train, 50, shuffle=True), DataLoader(test, 200)
teacher, student = conv_net(16), conv_net(8)
train_teacher(teacher, loader)
print(f"teacher accuracy {accuracy(teacher, test_loader):.4f}")
teacher.eval().requires_grad_(False)
distill(teacher, student, loader, test_loader)
