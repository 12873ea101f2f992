# A two-hidden-layer network written without torch.nn, following the lecture notes.
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(1234)
data = load_digits()
Xtr, Xte, ytr, yte = train_test_split(data.data, data.target, test_size=0.2, stratify=data.target, random_state=7)
Xtr, Xte = torch.tensor(Xtr, dtype=torch.float32), torch.tensor(Xte, dtype=torch.float32)
ytr, yte = torch.tensor(ytr), torch.tensor(yte)
mu, sd = Xtr.mean(), Xtr.std()
Xtr, Xte = (Xtr - mu) / sd, (Xte - mu) / sd

n_in, n_h1, n_h2, n_out = 64, 100, 50, 10


def weight(rows, cols):
    w = torch.randn(rows, cols)
    return w.requires_grad_()


W1, b1 = weight(n_in, n_h1), torch.zeros(n_h1, requires_grad=True)
W2, b2 = weight(n_h1, n_h2), torch.zeros(n_h2, requires_grad=True)
W3, b3 = weight(n_h2, n_out), torch.zeros(n_out, requires_grad=True)
params = [W1, b1, W2, b2, W3, b3]


def forward(x):
    a1 = torch.tanh(x @ W1 + b1)
    a2 = torch.tanh(a1 @ W2 + b2)
    return a2 @ W3 + b3


def cross_entropy(scores, target):
    logp = scores - scores.logsumexp(1, keepdim=True)
    return -logp[torch.arange(len(target)), target].mean()


lr = 0.1
batch = 32
for epoch in range(25):
    order = torch.randperm(len(Xtr))
    tot = 0.0
    for k in range(0, len(order), batch):
        j = order[k:k + batch]
        loss = cross_entropy(forward(Xtr[j]), ytr[j])
        for p in params:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr * (p.grad + 1e-3 * p)
        tot += loss.item() * len(j)
    with torch.no_grad():
        scores = forward(Xte)
        print(f"{epoch:3d}  train loss {tot / len(Xtr):.3f}  test loss {cross_entropy(scores, yte).item():.3f}  "
              f"test acc {(scores.argmax(1) == yte).float().mean().item():.4f}")
