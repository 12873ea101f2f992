import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.35, stratify=y, random_state=1)
mean, std = Xtr.mean(0), Xtr.std(0)
Xtr, Xte = (torch.tensor((a - mean) / std, dtype=torch.float32) for a in (Xtr, Xte))
ytr, yte = (torch.tensor(a, dtype=torch.float32)[:, None] for a in (ytr, yte))

# the whole table fits in one batch, so resilient propagation can be used as Riedmiller meant it
net = nn.Sequential(nn.Linear(30, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.Rprop(net.parameters(), lr=1e-3, step_sizes=(1e-6, 0.02))
bce = nn.BCEWithLogitsLoss()


def penalty():
    return sum((p ** 2).sum() for n, p in net.named_parameters() if n.endswith("weight"))


for it in range(1, 151):
    optimizer.zero_grad()
    logits = net(Xtr)
    loss = bce(logits, ytr) + 5e-3 * penalty()
    loss.backward()
    optimizer.step()
    if it % 15 == 0:
        with torch.no_grad():
            z = net(Xte)
            acc = ((z > 0).float() == yte).float().mean().item()
        print(f"iteration {it}: objective {loss.item():.4f} test loss {bce(z, yte).item():.4f} test accuracy {acc:.4f}")

print(f"accuracy on held-out patients: {acc:.4f}")
