"""Semi-supervised node classification on a contact graph between villages (two-layer GCN)."""
import numpy as np
import scipy.sparse as sp
import torch
import torch.nn as nn
import torch.nn.functional as F

SEED = 31
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
N, GROUPS, FEATS = 1500, 6, 30

group = rng.integers(0, GROUPS, N)
centres = rng.normal(size=(GROUPS, FEATS))
features = (0.33 * centres[group] + rng.normal(size=(N, FEATS))).astype(np.float32)
same = group[:, None] == group[None, :]
edges = rng.random((N, N)) < np.where(same, 0.014, 0.004)
edges = np.triu(edges, 1)
adj = sp.csr_matrix((edges | edges.T).astype(np.float32)) + sp.eye(N, dtype=np.float32)
deg = np.asarray(adj.sum(1)).ravel()
adj = sp.csr_matrix(sp.diags(deg ** -0.5) @ adj @ sp.diags(deg ** -0.5)).astype(np.float32)
coo = adj.tocoo()
adj_t = torch.sparse_coo_tensor(np.stack([coo.row, coo.col]), coo.data, (N, N)).coalesce()

x = torch.from_numpy((features - features.mean(0)) / features.std(0))
y = torch.from_numpy(group)
order = torch.from_numpy(rng.permutation(N))
train_idx, val_idx = order[:900], order[900:]


def propagate(h):
    return torch.from_numpy(adj @ h.detach().numpy())


class GCN(nn.Module):
    def __init__(self, hidden=12):
        super().__init__()
        self.w1 = nn.Linear(FEATS, hidden)
        self.w2 = nn.Linear(hidden, GROUPS)

    def forward(self, x):
        h = F.relu(propagate(self.w1(x)))
        h = F.dropout(h, 0.2, self.training)
        return self.w2(propagate(h))


model = GCN()
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-3)
for epoch in range(1, 101):
    model.train()
    opt.zero_grad()
    loss = F.cross_entropy(model(x)[train_idx], y[train_idx])
    loss.backward()
    opt.step()
    if epoch % 20 == 0:
        model.eval()
        with torch.no_grad():
            out = model(x)
        tr, va = (F.cross_entropy(out[i], y[i]).item() for i in (train_idx, val_idx))
        print(f"epoch {epoch:3d} train {tr:.4f} val {va:.4f}")
model.eval()
with torch.no_grad():
    acc = (model(x)[val_idx].argmax(1) == y[val_idx]).float().mean().item()
print(f"val accuracy = {acc:.4f}")
