"""Two-layer graph convolution on a synthetic citation graph, full batch, dense normalised adjacency."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(17)
torch.manual_seed(17)
N, K, D = 900, 6, 60


def build_graph():
    y = rng.permutation(np.arange(N) % K)
    same = y[:, None] == y[None, :]
    prob = np.where(same, 0.018, 0.0022)
    upper = np.triu(rng.random((N, N)) < prob, 1)
    adj = upper | upper.T
    centres = rng.normal(size=(K, D))
    x = 0.28 * centres[y] + rng.normal(size=(N, D))
    return x, adj, y


def normalise(adj):
    a = torch.tensor(adj, dtype=torch.float32) + torch.eye(N)
    d = a.sum(1).pow(-0.5)
    return d[:, None] * a * d[None, :]


class GraphConv(nn.Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(fan_in, fan_out))
        self.bias = nn.Parameter(torch.zeros(fan_out))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, adj):
        return adj @ (x @ self.weight) + self.bias


class GCN(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.conv1 = GraphConv(D, hidden)
        self.conv2 = GraphConv(hidden, K)

    def forward(self, x, adj):
        h = F.relu(self.conv1(x, adj))
        h = F.dropout(h, p=0.7)
        return self.conv2(h, adj)


x, adj, y = build_graph()
x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
adj, y = normalise(adj), torch.tensor(y)
perm = torch.randperm(N)
train_idx, val_idx, test_idx = perm[:360], perm[360:540], perm[540:]

model = GCN()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=5e-3)
for epoch in range(1, 61):
    model.train()
    optimizer.zero_grad()
    out = model(x, adj)
    loss = F.cross_entropy(out[train_idx], y[train_idx])
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        model.eval()
        with torch.no_grad():
            out = model(x, adj)
            val_loss = F.cross_entropy(out[val_idx], y[val_idx]).item()
            val_acc = (out[val_idx].argmax(1) == y[val_idx]).float().mean().item()
        print(f"epoch {epoch:3d} train {loss.item():.4f} val {val_loss:.4f} val acc {val_acc:.4f}")

model.eval()
with torch.no_grad():
    pred = model(x, adj)[test_idx].argmax(1)
print(f"test accuracy {(pred == y[test_idx]).float().mean().item():.4f}")
