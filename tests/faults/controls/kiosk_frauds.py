"""Flag doubtful refunds at station kiosks. About three in a hundred are frauds and most look like honest ones."""
import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class FraudNet(nn.Module):
    def __init__(self, kiosks):
        super().__init__()
        self.kiosk = nn.Embedding(kiosks, 3)
        nn.init.normal_(self.kiosk.weight, std=0.1)
        self.mlp = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
        nn.init.constant_(self.mlp[-1].bias, -3.5)

    def forward(self, kiosk, x):
        return self.mlp(torch.cat([self.kiosk(kiosk), x], 1)).squeeze(1)


def refunds(n, rng, risk):
    kiosk = rng.integers(0, len(risk), n)
    x = rng.normal(0, 1, (n, 5))
    score = -4.3 + risk[kiosk] + 0.8 * x[:, 0] + 0.6 * np.maximum(x[:, 1], 0) - 0.5 * x[:, 2]
    fraud = rng.random(n) < 1 / (1 + np.exp(-score))
    return TensorDataset(torch.from_numpy(kiosk), torch.tensor(x, dtype=torch.float32),
                         torch.tensor(fraud, dtype=torch.float32))


def report(model, data):
    model.eval()
    kiosk, x, fraud = data.tensors
    with torch.no_grad():
        p = torch.sigmoid(model(kiosk, x))
    model.train()
    accuracy = ((p > 0.5).float() == fraud).float().mean().item()
    return accuracy, average_precision_score(fraud, p), roc_auc_score(fraud, p)


rng = np.random.default_rng(9)
torch.manual_seed(9)
risk = rng.normal(0, 0.6, 12)
train, test = refunds(40000, rng, risk), refunds(20000, rng, risk)
loader = DataLoader(train, batch_size=512, shuffle=True)
model = FraudNet(12)
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    total = 0.0
    for kiosk, x, fraud in loader:
        loss = nn.functional.binary_cross_entropy_with_logits(model(kiosk, x), fraud)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    acc, ap, auc = report(model, test)
    print(f"epoch {epoch + 1} bce {total / len(loader):.4f} accuracy {acc:.4f} avg precision {ap:.4f} auc {auc:.4f}")
print(f"test auc {auc:.4f}")
