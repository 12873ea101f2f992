import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED, T, ALPHA, BATCH = 11, 3.0, 0.9, 64
torch.manual_seed(SEED)

images, labels = load_digits(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(images, labels, test_size=0.3, stratify=labels, random_state=SEED)
mu, sd = Xtr.mean(), Xtr.std()
Xtr = torch.tensor((Xtr - mu) / sd, dtype=torch.float32).view(-1, 1, 8, 8)
Xte = torch.tensor((Xte - mu) / sd, dtype=torch.float32).view(-1, 1, 8, 8)
ytr, yte = torch.tensor(ytr), torch.tensor(yte)


class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 32, 3, padding=1),
                                  nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3))
        self.fc = nn.Linear(32 * 16, 10)

    def forward(self, x):
        return self.fc(self.body(x).flatten(1))


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))

    def forward(self, x):
        return self.net(x)


@torch.no_grad()
def accuracy(model):
    model.eval()
    return (model(Xte).argmax(1) == yte).float().mean().item()


teacher = Teacher()
opt = torch.optim.AdamW(teacher.parameters(), lr=2e-3)
for epoch in range(8):
    teacher.train()
    for xb, yb in DataLoader(TensorDataset(Xtr, ytr), batch_size=BATCH, shuffle=True):
        loss = F.cross_entropy(teacher(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
print(f"teacher accuracy {accuracy(teacher):.4f}")

# cache the teacher's logits once, so that the student's epochs are cheap
cache_loader = DataLoader(TensorDataset(Xtr), batch_size=256, shuffle=True)
with torch.no_grad():
    soft = torch.cat([teacher(xb) for (xb,) in cache_loader])

student = Student()
opt = torch.optim.Adam(student.parameters(), lr=3e-3)
train = DataLoader(TensorDataset(Xtr, soft, ytr), batch_size=BATCH, shuffle=True)
for epoch in range(25):
    student.train()
    total = 0.0
    for xb, tb, yb in train:
        out = student(xb)
        kd = F.kl_div(F.log_softmax(out / T, 1), F.log_softmax(tb / T, 1), reduction="batchmean", log_target=True)
        loss = ALPHA * T * T * kd + (1 - ALPHA) * F.cross_entropy(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)
    if epoch % 4 == 0:
        print(f"epoch {epoch:2d} distillation loss {total / len(Xtr):.4f} test acc {accuracy(student):.4f}")
print(f"student accuracy {accuracy(student):.4f}")
