# Gauges along a river network: which of four catchments does each belong to? Two rounds of neighbour averaging.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(6)

N, K, D = 2400, 4, 12
y = torch.randint(0, K, (N,))
same = y[:, None] == y[None, :]
prob = torch.where(same, 0.0050, 0.0016)
upper = torch.triu(torch.rand(N, N) < prob, 1)
edges = upper.nonzero()
adj = (upper | upper.T).float()
adj.fill_diagonal_(1.0)
deg = adj.sum(1)
norm = adj / (deg.sqrt()[:, None] * deg.sqrt()[None, :])
norm = norm.to_sparse()
centres = 0.55 * torch.randn(K, D)
x = centres[y] + torch.randn(N, D)

perm = torch.randperm(N)
train, val, test = perm[:1200], perm[1200:1800], perm[1800:]
print(f"{N} gauges, {len(edges)} links, {(y[edges[:, 0]] == y[edges[:, 1]]).float().mean():.2f} of them inside a catchment")


class GCN(nn.Module):
    def __init__(self, hidden, drop):
        super().__init__()
        self.a = nn.Linear(D, hidden)
        self.b = nn.Linear(hidden, K)
        self.drop = drop

    def forward(self, x):
        x = F.relu(norm @ self.a(x))
        x = F.dropout(x, self.drop, self.training)
        return norm @ self.b(x)


net = GCN(12, 0.3)
opt = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=4e-3)
for it in range(1, 201):
    net.train()
    opt.zero_grad()
    out = net(x)
    loss = F.cross_entropy(out[train], y[train])
    loss.backward()
    opt.step()
    if it % 20 == 0:
        net.eval()
        with torch.no_grad():
            out = net(x)
            row = [F.cross_entropy(out[s], y[s]).item() for s in (train, val)]
            acc = [(out[s].argmax(1) == y[s]).float().mean().item() for s in (train, val, test)]
        print(f"iter {it:3d} loss {loss.item():.4f} train {row[0]:.4f} / {acc[0]:.3f}  val {row[1]:.4f} / {acc[1]:.3f}")
print(f"test accuracy {acc[2]:.4f}")
