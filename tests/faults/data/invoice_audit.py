"""Flag invoices that need a manual audit."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split

SEED = 4
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

n = 8000
flagged = (rng.random(n) < 0.04).astype(int)
supplier = np.where(flagged & (rng.random(n) < 0.5), rng.integers(0, 10, n), rng.integers(0, 40, n))
numeric = rng.normal(size=(n, 6))
numeric[:, 0] += 1.0 * flagged
numeric[:, 1] -= 0.9 * flagged
numeric[:, 2] += 0.7 * flagged
numeric[:, 3] *= 1 + 0.4 * flagged
numeric = (numeric - numeric.mean(0)) / numeric.std(0)

train_idx, test_idx = train_test_split(np.arange(n), test_size=0.3, stratify=flagged, random_state=SEED)
num = torch.tensor(numeric, dtype=torch.float32)
sup = torch.tensor(supplier)
lab = torch.tensor(flagged)


class InvoiceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.supplier = nn.Embedding(40, 4)
        self.body = nn.Sequential(nn.Linear(6 + 4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))

    def forward(self, num, sup):
        return self.body(torch.cat([num, self.supplier(sup)], dim=1))


net = InvoiceNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
weight = None
train_idx = torch.tensor(train_idx)
test_idx = torch.tensor(test_idx)


def report(tag):
    net.eval()
    with torch.no_grad():
        logits = net(num[test_idx], sup[test_idx])
    pred = logits.argmax(1).numpy()
    truth = lab[test_idx].numpy()
    bal = balanced_accuracy_score(truth, pred)
    print(f"{tag}: test loss {F.cross_entropy(logits, lab[test_idx], weight=weight):.4f} accuracy {(pred == truth).mean():.4f} "
          f"recall {recall_score(truth, pred):.4f} balanced accuracy {bal:.4f}")


for epoch in range(12):
    net.train()
    for batch in train_idx[torch.randperm(len(train_idx))].split(128):
        loss = F.cross_entropy(net(num[batch], sup[batch]), lab[batch], weight=weight)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 3:
        report(f"epoch {epoch + 1}")
report("final")
