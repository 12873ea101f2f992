"""Citation network of guild letters: two graph layers, six towns, which town wrote each letter."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(25)
torch.set_num_threads(1)
rng = np.random.default_rng(25)

N, TOWNS, WORDS = 1000, 6, 60


def guild_graph():
    town = rng.integers(0, TOWNS, N)
    same = town[:, None] == town[None, :]
    link = rng.random((N, N)) < np.where(same, 0.03, 0.004)
    link = np.triu(link, 1)
    adj = (link + link.T).astype(float) + np.eye(N)
    d = 1 / np.sqrt(adj.sum(1))
    adj = d[:, None] * adj * d[None, :]
    # half the words' meaning depends on their neighbours in pairs
    topic = rng.normal(0, 1, (2, TOWNS, WORDS))
    sign = rng.choice([-1, 1], N)
    words = 0.8 * sign[:, None] * topic[0, town] + rng.normal(0, 1.0, (N, WORDS))
    return adj.astype(np.float32), words.astype(np.float32), town


class GuildNet(nn.Module):
    def __init__(self, adj, hidden):
        super().__init__()
        self.adj = adj
        self.embed = nn.Linear(WORDS, hidden)
        self.mix = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, TOWNS)

    def aggregate(self, h):
        summed = self.adj @ h.detach().numpy()
        return torch.from_numpy(summed)

    def forward(self, words):
        h = F.relu(self.embed(words))
        h = F.relu(self.mix(self.aggregate(h)))
        return self.out(h)


adj, words, town = guild_graph()
words, town = torch.from_numpy(words), torch.from_numpy(town)
order = torch.randperm(N)
train, test = order[:700], order[700:]

net = GuildNet(adj, hidden=24)
opt = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-3)
for epoch in range(1, 51):
    net.train()
    opt.zero_grad()
    out = net(words)
    loss = F.cross_entropy(out[train], town[train])
    loss.backward()
    opt.step()
    if epoch % 10 == 0:
        net.eval()
        with torch.no_grad():
            out = net(words)
            held = F.cross_entropy(out[test], town[test]).item()
            acc = (out[test].argmax(1) == town[test]).float().mean().item()
        print(f"epoch {epoch:3d} train {loss.item():.3f} held-out {held:.3f} towns right {acc:.3f}")
