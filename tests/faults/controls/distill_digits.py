import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(55)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32)
y = torch.tensor(d.target)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
X = (X - X[:1400].mean()) / X[:1400].std()
train_loader = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=50, shuffle=True)
Xv, yv = X[1400:], y[1400:]

teacher = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
student = nn.Sequential(nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 10))


def accuracy(net):
    net.eval()
    with torch.no_grad():
        return (net(Xv).argmax(1) == yv).float().mean().item()


def train_teacher(epochs=10):
    opt = torch.optim.AdamW(teacher.parameters(), lr=3e-3, weight_decay=0.05)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        teacher.train()
        for xb, yb in train_loader:
            loss = F.cross_entropy(teacher(xb), yb, label_smoothing=0.05)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        print(f"teacher epoch {epoch + 1}: loss {loss.item():.4f} val acc {accuracy(teacher):.4f}")


def distill(epochs=25, T=3.0, alpha=0.7):
    teacher.eval()
    for p in teacher.parameters():
        p.requires_grad_(False)
    opt = torch.optim.Adam(student.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        student.train()
        for xb, yb in train_loader:
            with torch.no_grad():
                soft = F.softmax(teacher(xb) / T, dim=1)
            logits = student(xb)
            kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
            loss = alpha * kd + (1 - alpha) * F.cross_entropy(logits, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        if epoch % 4 == 0 or epoch == epochs - 1:
            print(f"student epoch {epoch + 1}: loss {loss.item():.4f} kd {kd.item():.4f} val acc {accuracy(student):.4f}")


train_teacher()
distill()
print(f"student accuracy: {accuracy(student):.4f}")
