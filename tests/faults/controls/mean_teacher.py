"""Mean-teacher semi-supervised learning: 120 labelled digits, the rest unlabelled."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(19)
digits = load_digits()
X_pool, X_test, y_pool, y_test = train_test_split(digits.data / 16.0, digits.target, test_size=0.25, stratify=digits.target, random_state=19)
X_lab, X_unlab, y_lab, _ = train_test_split(X_pool, y_pool, train_size=120, stratify=y_pool, random_state=19)
mean, std = X_pool.mean(), X_pool.std()
to_img = lambda a: torch.tensor((a - mean) / std, dtype=torch.float32).view(-1, 1, 8, 8)
X_lab, X_unlab, X_test = to_img(X_lab), to_img(X_unlab), to_img(X_test)
y_lab, y_test = torch.tensor(y_lab), torch.tensor(y_test)


def perturb(x):
    dx, dy = torch.randint(-1, 2, (2,)).tolist()
    x = torch.roll(x, (dx, dy), dims=(2, 3)) if torch.rand(()) < 0.5 else x
    return x + 0.25 * torch.randn_like(x)


student = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(),
    nn.Dropout(0.3), nn.Linear(32 * 16, 10),
)
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad_(False)

optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)
STEPS, RAMP = 1200, 300
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
for step in range(STEPS):
    student.train()
    teacher.eval()
    li = torch.randint(0, len(X_lab), (30,))
    ui = torch.randint(0, len(X_unlab), (40,))
    supervised = F.cross_entropy(student(perturb(X_lab[li])), y_lab[li])
    with torch.no_grad():
        soft = F.softmax(teacher(perturb(X_unlab[ui])), dim=1)
    consistency = F.mse_loss(F.softmax(student(perturb(X_unlab[ui])), dim=1), soft)
    weight = 15.0 * min(1.0, step / RAMP)
    loss = supervised + weight * consistency
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    with torch.no_grad():
        decay = min(0.98, 1 - 1 / (step + 1))
        for tp, sp in zip(teacher.parameters(), student.parameters()):
            tp.mul_(decay).add_(sp, alpha=1 - decay)
    if (step + 1) % 100 == 0:
        with torch.no_grad():
            acc = (teacher(X_test).argmax(1) == y_test).float().mean().item()
        print(f"step {step + 1} supervised {supervised.item():.4f} consistency {consistency.item():.5f} teacher accuracy {acc:.4f}")
