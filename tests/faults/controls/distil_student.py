import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
T = 3.0

X, y = load_digits(return_X_y=True)
X = torch.tensor(X / 16 - 0.3, dtype=torch.float32)
y = torch.tensor(y)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2, random_state=0)
loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=60, shuffle=True)


def accuracy(model):
    model.eval()
    with torch.no_grad():
        return (model(X_te).argmax(1) == y_te).float().mean().item()


teacher = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
opt = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for _ in range(12):
    for xb, yb in loader:
        opt.zero_grad()
        F.cross_entropy(teacher(xb), yb).backward()
        opt.step()
print(f"teacher {accuracy(teacher):.4f}")

student = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
opt = torch.optim.Adam(student.parameters(), lr=4e-3)
kl = nn.KLDivLoss(reduction="batchmean")
teacher.eval()
for epoch in range(16):
    student.train()
    for xb, _ in loader:
        with torch.no_grad():
            soft = F.softmax(teacher(xb) / T, dim=1)
        loss = kl(F.log_softmax(student(xb) / T, dim=1), soft) * T * T
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1} kl {loss.item():.4f} student {accuracy(student):.4f}")
