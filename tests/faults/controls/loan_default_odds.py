import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn


class CreditModel(nn.Module):
    def __init__(self, n_numeric, n_jobs, n_regions):
        super().__init__()
        self.job = nn.Embedding(n_jobs, 4)
        self.region = nn.Embedding(n_regions, 3)
        self.mlp = nn.Sequential(nn.Linear(n_numeric + 7, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 1))

    def forward(self, numeric, job, region):
        return self.mlp(torch.cat([numeric, self.job(job), self.region(region)], dim=1)).squeeze(1)


def applicants(n, rng):
    numeric = rng.normal(size=(n, 6))
    job, region = rng.integers(0, 8, n), rng.integers(0, 5, n)
    job_risk, region_risk = rng.normal(0, 0.35, 8), rng.normal(0, 0.2, 5)
    log_odds = (0.5 * numeric[:, 0] - 0.4 * numeric[:, 1] + 0.3 * np.abs(numeric[:, 2]) - 0.25
                + job_risk[job] + region_risk[region])
    default = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    return numeric, job, region, default.astype(np.float32), log_odds


torch.manual_seed(19)
rng = np.random.default_rng(19)
numeric, job, region, default, log_odds = applicants(12000, rng)
n_train = 9000
numeric = torch.tensor((numeric - numeric[:n_train].mean(0)) / numeric[:n_train].std(0), dtype=torch.float32)
job, region, default = torch.tensor(job), torch.tensor(region), torch.tensor(default)
hold = slice(n_train, None)
print(f"share of defaults {default.mean().item():.3f}, AUC of the true odds {roc_auc_score(default[hold], log_odds[hold]):.4f}")

model = CreditModel(6, 8, 5)
opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
bce = nn.BCEWithLogitsLoss()
for epoch in range(10):
    model.train()
    total = 0.0
    for idx in torch.randperm(n_train).split(100):
        opt.zero_grad()
        loss = bce(model(numeric[idx], job[idx], region[idx]), default[idx])
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        logits = model(numeric[hold], job[hold], region[hold])
        val = bce(logits, default[hold]).item()
    auc = roc_auc_score(default[hold].numpy(), logits.numpy())
    print(f"epoch {epoch + 1:2d}  train {total / n_train:.4f}  val {val:.4f}  auc {auc:.4f}")
print(f"validation AUC {auc:.4f}")
