"""Two-layer GCN on a citation-like graph, transductive: one graph, masks for train / val / test."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)
N, TOPICS, WORDS = 900, 5, 60

g = torch.Generator().manual_seed(19)
y = torch.arange(N) % TOPICS
y = y[torch.randperm(N, generator=g)]
same = y[:, None] == y[None, :]
prob = torch.where(same, torch.tensor(0.018), torch.tensor(0.003))
upper = torch.triu(torch.rand(N, N, generator=g) < prob, 1).float()
adj = upper + upper.T + torch.eye(N)
deg = adj.sum(1)
a_hat = adj / torch.sqrt(deg[:, None] * deg[None, :])

topic_words = torch.rand(TOPICS, WORDS, generator=g) * 0.22
feats = (torch.rand(N, WORDS, generator=g) < topic_words[y]).float()
feats = (feats - feats.mean(0)) / (feats.std(0) + 1e-6)

order = torch.randperm(N, generator=g)
train_mask, val_mask, test_mask = order[:200], order[200:400], order[400:]


class GCN(nn.Module):
    def __init__(self, d_in, d_hid, d_out, drop=0.5):
        super().__init__()
        self.w1 = nn.Linear(d_in, d_hid, bias=False)
        self.w2 = nn.Linear(d_hid, d_out)
        self.drop = nn.Dropout(drop)

    def forward(self, x, a):
        h = F.relu(a @ self.w1(self.drop(x)))
        return a @ self.w2(self.drop(h))


model = GCN(WORDS, 16, TOPICS)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-3)
for step in range(1, 201):
    model.train()
    out = model(feats, a_hat)
    loss = F.cross_entropy(out[train_mask], y[train_mask])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        model.eval()
        with torch.no_grad():
            out = model(feats, a_hat)
        vl = F.cross_entropy(out[val_mask], y[val_mask]).item()
        va = (out[val_mask].argmax(1) == y[val_mask]).float().mean().item()
        print(f"step {step:3d} train loss {loss.item():.4f} val loss {vl:.4f} val acc {va:.3f}")
model.eval()
with torch.no_grad():
    pred = model(feats, a_hat)[test_mask].argmax(1)
print(f"test accuracy {(pred == y[test_mask]).float().mean().item():.4f}")
