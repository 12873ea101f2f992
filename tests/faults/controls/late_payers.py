import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score
from torch.utils.data import DataLoader, TensorDataset


def ledger(n, seed):
    g = np.random.default_rng(seed)
    x = g.normal(size=(n, 10)).astype(np.float32)
    score = 0.9 * x[:, 0] - 0.7 * x[:, 1] + 0.5 * x[:, 2] + 0.4 * np.abs(x[:, 3]) - 3.6
    late = g.uniform(size=n) < 1 / (1 + np.exp(-score))
    return torch.from_numpy(x), torch.from_numpy(late.astype(np.float32))


class PaymentRisk(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 12)
        self.logit = nn.Linear(12, 1)
        nn.init.constant_(self.logit.bias, -2.8)

    def forward(self, x):
        return self.logit(torch.relu(self.hidden(x))).flatten()


def main():
    torch.manual_seed(22)
    x, y = ledger(9000, 0)
    xv, yv = ledger(6000, 1)
    loader = DataLoader(TensorDataset(x, y), batch_size=90, shuffle=True)
    model = PaymentRisk()
    loss_fn = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    print(f"share of late payers {y.mean().item():.3f}")
    for epoch in range(6):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            out = model(xv)
        ap = average_precision_score(yv, out)
        print(f"epoch {epoch + 1}  train {total / len(x):.4f}  val {loss_fn(out, yv).item():.4f}  "
              f"AP {ap:.3f}  flagged {(out > 0).float().mean().item():.4f}  mean risk {out.sigmoid().mean().item():.3f}")
    print(f"average precision {ap:.4f}")


if __name__ == "__main__":
    main()
