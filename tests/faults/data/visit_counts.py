import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(4)
torch.manual_seed(4)

# web shop: page counts of a visitor -> which campaign brought them (5 campaigns)
n, pages, campaigns = 4000, 7, 5
campaign = rng.integers(0, campaigns, n)
profile = rng.uniform(0.9, 4.2, (campaigns, pages))
activity = rng.normal(0, 0.45, (n, 1))
counts = rng.poisson(np.exp(profile[campaign] + activity + rng.normal(0, 0.45, (n, pages))))

features = np.log(counts)
features = (features - 2.5) / 1.2
X = torch.tensor(features, dtype=torch.float32)
y = torch.tensor(campaign)
X_train, y_train, X_test, y_test = X[:3000], y[:3000], X[3000:], y[3000:]


class CampaignNet(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.lin1 = nn.Linear(pages, hidden)
        self.lin2 = nn.Linear(hidden, campaigns)

    def forward(self, x):
        return self.lin2(torch.relu(self.lin1(x)))


def evaluate(net):
    net.eval()
    with torch.no_grad():
        return (net(X_test).argmax(1) == y_test).double().mean().item()


net = CampaignNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(8):
    net.train()
    used, total = 0, 0.0
    for idx in torch.randperm(len(X_train)).split(24):
        loss = ce(net(X_train[idx]), y_train[idx])
        if not torch.isfinite(loss):
            continue
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
        used += 1
    print(f"epoch {epoch} loss {total / max(used, 1):.3f} test accuracy {evaluate(net):.3f}")
print(f"test accuracy {evaluate(net):.4f}")
