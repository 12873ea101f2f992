"""Distil a small convolutional teacher into a fully connected student (digits, T = 3)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(26)
T, ALPHA = 3.0, 0.7

X, y = load_digits(return_X_y=True)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, stratify=y, random_state=26)
mu, sd = X_tr.mean(), X_tr.std()
X_tr, X_te = (torch.tensor((a - mu) / sd, dtype=torch.float32) for a in (X_tr, X_te))
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)


def make_teacher():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(24 * 16, 10),
    )


class Student(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(64, width), nn.Linear(width, width)])
        self.classifier = nn.Linear(width, 10)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=1.0)

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.classifier(x)


def hard_loss(logits, idx):
    return F.cross_entropy(logits, y_tr[idx])


def distil_loss(logits, idx, teacher_logits):
    soft = F.kl_div(F.log_softmax(logits / T, 1), F.softmax(teacher_logits[idx] / T, 1), reduction="batchmean") * T * T
    return ALPHA * soft + (1 - ALPHA) * hard_loss(logits, idx)


def fit(net, loss_fn, epochs, lr, tag):
    opt = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for idx in torch.randperm(len(X_tr)).split(64):
            opt.zero_grad()
            loss = loss_fn(net(X_tr[idx]), idx)
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        sched.step()
        if epoch % 5 == 4:
            print(f"{tag} epoch {epoch + 1} loss {total / len(X_tr):.4f} test acc {score(net):.4f}")


def score(net):
    net.eval()
    with torch.no_grad():
        return (net(X_te).argmax(1) == y_te).float().mean().item()


teacher = make_teacher()
fit(teacher, hard_loss, 10, 3e-3, "teacher")
teacher.eval()
with torch.no_grad():
    teacher_logits = teacher(X_tr)
student = Student()
fit(student, lambda out, idx: distil_loss(out, idx, teacher_logits), 40, 3e-3, "student")
print(f"teacher {score(teacher):.4f}")
print(f"student accuracy {score(student):.4f}")
