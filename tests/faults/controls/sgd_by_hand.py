import torch
import torch.nn.functional as F
from sklearn.datasets import make_blobs

torch.manual_seed(47)
X, y = make_blobs(3000, n_features=6, centers=12, cluster_std=2.0, random_state=47)
y = torch.tensor(y % 4)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X[:2400].mean(0)) / X[:2400].std(0)

g = torch.Generator().manual_seed(47)
W1 = (torch.randn(6, 48, generator=g) * (2 / 6) ** 0.5).requires_grad_()
b1 = torch.zeros(48, requires_grad=True)
W2 = (torch.randn(48, 4, generator=g) * (1 / 48) ** 0.5).requires_grad_()
b2 = torch.zeros(4, requires_grad=True)
params = [W1, b1, W2, b2]


def net(x):
    return (x @ W1 + b1).relu() @ W2 + b2


lr = 0.2
for epoch in range(30):
    total = 0.0
    for idx in torch.randperm(2400).split(60):
        loss = F.cross_entropy(net(X[idx]), y[idx])
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr * p.grad
                p.grad.zero_()
        total += loss.item()
    if epoch % 5 == 4:
        with torch.no_grad():
            out = net(X[2400:])
        acc = (out.argmax(1) == y[2400:]).float().mean().item()
        print(f"epoch {epoch + 1}: train {total / 40:.4f} test {F.cross_entropy(out, y[2400:]).item():.4f} accuracy {acc:.4f}")
