import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_blobs
from torch.utils.data import DataLoader, TensorDataset

K = 5
torch.manual_seed(33)


class EvidentialNet(nn.Module):
    """Predicts the concentration of a Dirichlet over species (Sensoy et al., 2018)."""

    def __init__(self, n_in, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, K)

    def forward(self, x):
        return F.softplus(self.fc2(F.relu(self.fc1(x)))) + 1.0


def kl_to_uniform(alpha):
    s = alpha.sum(1, keepdim=True)
    log_norm = torch.lgamma(s.squeeze(1)) - torch.lgamma(alpha).sum(1) - torch.lgamma(torch.tensor(float(K)))
    return log_norm + ((alpha - 1) * (torch.digamma(alpha) - torch.digamma(s))).sum(1)


def evidential_loss(alpha, y, weight):
    onehot = F.one_hot(y, K).float()
    s = alpha.sum(1, keepdim=True)
    p = alpha / s
    fit = ((onehot - p) ** 2 + p * (1 - p) / (s + 1)).sum(1)
    wrong = onehot + (1 - onehot) * alpha
    return (fit + weight * kl_to_uniform(wrong)).mean()


X, y = make_blobs(n_samples=3500, centers=K, n_features=6, cluster_std=4.2, random_state=3)
X = (X - X[:2500].mean(0)) / X[:2500].std(0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
loader = DataLoader(TensorDataset(X[:2500], y[:2500]), batch_size=50, shuffle=True)
x_test, y_test = X[2500:], y[2500:]

net = EvidentialNet(6)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
EPOCHS = 12
for epoch in range(EPOCHS):
    anneal = 0.1 * min(1.0, epoch / 6)
    total = 0.0
    for xb, yb in loader:
        loss = evidential_loss(net(xb), yb, anneal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    with torch.no_grad():
        alpha = net(x_test)
    acc = (alpha.argmax(1) == y_test).float().mean().item()
    vacuity = (K / alpha.sum(1)).mean().item()
    print(f"epoch {epoch} loss {total / len(loader):.4f} test {evidential_loss(alpha, y_test, anneal).item():.4f} "
          f"acc {acc:.4f} vacuity {vacuity:.3f}")

print(f"test acc {acc:.4f}")
