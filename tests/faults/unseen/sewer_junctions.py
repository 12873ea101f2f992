"""Which sewer district does a junction drain to? A graph network on the junctions' adjacency (transductive)."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(47)
torch.set_num_threads(1)

NODES, DISTRICTS, FEATS = 800, 5, 12

district = torch.randint(0, DISTRICTS, (NODES,))
same = district[:, None] == district[None, :]
chance = torch.where(same, 0.03, 0.003)
upper = torch.triu(torch.rand(NODES, NODES) < chance, diagonal=1)
adj = (upper | upper.T).float() + torch.eye(NODES)
inv_sqrt = adj.sum(1).rsqrt()
prop = inv_sqrt[:, None] * adj * inv_sqrt[None, :]

centres = torch.randn(DISTRICTS, FEATS)
feats = 0.5 * centres[district] + torch.randn(NODES, FEATS)
feats = (feats - feats.mean(0)) / feats.std(0)

shuffled = torch.randperm(NODES)
train_mask, test_mask = shuffled[:400], shuffled[400:]


class GraphConv(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.lin = nn.Linear(d_in, d_out)

    def forward(self, prop, h):
        return prop @ self.lin(h)


class JunctionGCN(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.g1 = GraphConv(FEATS, hidden)
        self.g2 = GraphConv(hidden, DISTRICTS)

    def forward(self, prop, x):
        h = F.dropout(F.relu(self.g1(prop, x)), 0.3, self.training)
        return self.g2(prop, h)


model = JunctionGCN()
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-3)
for epoch in range(1, 201):
    model.train()
    opt.zero_grad()
    loss = F.cross_entropy(model(prop, feats)[train_mask], district[train_mask])
    loss.backward()
    opt.step()
    if epoch % 40 == 0:
        model.eval()
        with torch.no_grad():
            out = model(prop, feats)
        test_loss = F.cross_entropy(out[test_mask], district[test_mask]).item()
        acc = (out.argmax(1) == district)[test_mask].float().mean().item()
        print(f"epoch {epoch} train loss {loss.item():.4f} test loss {test_loss:.4f} test acc {acc:.4f}")
