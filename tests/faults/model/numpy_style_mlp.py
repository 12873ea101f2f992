import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
g = torch.Generator().manual_seed(0)

digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32) / 16.0
y = torch.tensor(digits.target)
perm = torch.randperm(len(X), generator=g)
X, y = X[perm], y[perm]
n_train = 1400
mean, std = X[:n_train].mean(), X[:n_train].std()
X = (X - mean) / std
X_tr, y_tr = X[:n_train], y[:n_train]
X_te, y_te = X[n_train:], y[n_train:]

sizes = [64, 128, 64, 10]


def layer(n_in, n_out):
    W = torch.randn(n_in, n_out)
    W.requires_grad_()
    b = torch.zeros(n_out, requires_grad=True)
    return W, b


W1, b1 = layer(sizes[0], sizes[1])
W2, b2 = layer(sizes[1], sizes[2])
W3, b3 = layer(sizes[2], sizes[3])
params = [W1, b1, W2, b2, W3, b3]


def forward(x):
    h = torch.tanh(x @ W1 + b1)
    h = torch.tanh(h @ W2 + b2)
    return h @ W3 + b3


lr = 0.1
batch_size = 50
for epoch in range(25):
    idx = torch.randperm(n_train, generator=g)
    epoch_loss = 0
    for i in range(0, n_train, batch_size):
        b = idx[i:i + batch_size]
        loss = F.cross_entropy(forward(X_tr[b]), y_tr[b])
        for p in params:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr * p.grad
        epoch_loss += loss.item() * len(b)
    with torch.no_grad():
        logits = forward(X_te)
        test_loss = F.cross_entropy(logits, y_te).item()
        acc = (logits.argmax(1) == y_te).float().mean().item()
    print(f"Epoch {epoch:02d} | train loss {epoch_loss / n_train:.3f} | test loss {test_loss:.3f} | acc {acc * 100:.1f}%")

print("Test accuracy: %.2f" % (acc * 100))
