"""Which of six livestock traders supplies a farm?  Semi-supervised node classification on the contact graph."""
import numpy as np
import scipy.sparse as sp
import torch
import torch.nn as nn
import torch.nn.functional as F

FARMS, TRADERS, FEATS = 1500, 6, 120


def contact_data(seed):
    rng = np.random.default_rng(seed)
    trader = rng.integers(0, TRADERS, FARMS)
    same = trader[:, None] == trader[None, :]
    edges = rng.random((FARMS, FARMS)) < np.where(same, 0.014, 0.0018)
    edges = np.triu(edges, 1)
    adj = sp.csr_matrix((edges | edges.T).astype(np.float32)) + sp.eye(FARMS, dtype=np.float32, format="csr")
    d = sp.diags(1 / np.sqrt(np.asarray(adj.sum(1)).ravel()))
    adj = (d @ adj @ d).tocsr().astype(np.float32)

    base = np.full((TRADERS, FEATS), 0.10)                  # share of farms that tick each box of the questionnaire
    for k in range(TRADERS):
        base[k, 3 * k:3 * k + 3] += 0.40
    x = (rng.random((FARMS, FEATS)) < base[trader]).astype(np.float32)
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    return adj, torch.from_numpy(x), torch.from_numpy(trader)


class ContactNet(nn.Module):
    def __init__(self, adj, hidden=16, p_drop=0.5):
        super().__init__()
        self.adj, self.p = adj, p_drop
        self.enc = nn.Linear(FEATS, hidden)
        self.cls = nn.Linear(hidden, TRADERS)
        coo = adj.tocoo()
        index = torch.from_numpy(np.stack([coo.row, coo.col]).astype(np.int64))
        self.register_buffer("adj_t", torch.sparse_coo_tensor(index, torch.from_numpy(coo.data), coo.shape).coalesce())

    def spread(self, h):
        return torch.from_numpy(self.adj @ h.detach().numpy())

    def forward(self, x_spread):
        h = F.relu(self.enc(F.dropout(x_spread, self.p, self.training)))
        h = self.spread(F.dropout(h, self.p, self.training))
        return self.cls(h)


def main():
    torch.manual_seed(40)
    adj, x, y = contact_data(40)
    perm = torch.randperm(FARMS)
    tr, va = perm[:700], perm[700:]
    x_spread = torch.from_numpy(adj @ x.numpy())
    x_spread = x_spread / x_spread.std()

    net = ContactNet(adj)
    opt = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
    for it in range(1, 301):
        net.train()
        opt.zero_grad()
        loss = F.cross_entropy(net(x_spread)[tr], y[tr])
        loss.backward()
        opt.step()
        if it % 25 == 0:
            net.eval()
            with torch.no_grad():
                out = net(x_spread)
                vloss = F.cross_entropy(out[va], y[va])
                acc = (out[va].argmax(1) == y[va]).float().mean()
            print(f"iter {it:3d}  train {loss.item():.4f}  held-out {vloss.item():.4f}  acc {acc.item():.4f}")
    print(f"held-out farms assigned correctly: {acc.item():.4f}")


main()
