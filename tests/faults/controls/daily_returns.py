"""A weak signal: the sign of tomorrow's move from today's factors.  The true process allows about 59 %."""
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--days", type=int, default=9000)
ap.add_argument("--factors", type=int, default=8)
ap.add_argument("--patience", type=int, default=6)
opts = ap.parse_args()

torch.manual_seed(44)
factors = torch.randn(opts.days, opts.factors)
signal = 0.20 * factors[:, 0] - 0.12 * factors[:, 1] + 0.10 * torch.tanh(2 * factors[:, 2])
move = (torch.rand(opts.days) < torch.sigmoid(1.6 * signal)).float()
a, b = int(opts.days * 0.6), int(opts.days * 0.8)
mean, std = factors[:a].mean(0), factors[:a].std(0)
factors = (factors - mean) / std
train = DataLoader(TensorDataset(factors[:a], move[:a]), batch_size=90, shuffle=True)


class Predictor(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


def score(model, x, y):
    model.eval()
    with torch.no_grad():
        logit = model(x)
        return nn.functional.binary_cross_entropy_with_logits(logit, y).item(), ((logit > 0) == (y > 0.5)).float().mean().item()


model = Predictor(opts.factors)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
criterion = nn.BCEWithLogitsLoss()
best, best_state, waited = float("inf"), None, 0
for epoch in range(1, 41):
    model.train()
    running = 0.0
    for x, y in train:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(x)
    val_loss, val_acc = score(model, factors[a:b], move[a:b])
    print(f"epoch {epoch:2d} train {running / a:.4f} val {val_loss:.4f} hit rate {val_acc:.4f}")
    if val_loss < best - 1e-5:
        best, waited = val_loss, 0
        best_state = {k: v.clone() for k, v in model.state_dict().items()}
    else:
        waited += 1
        if waited >= opts.patience:
            break
model.load_state_dict(best_state)
test_loss, test_acc = score(model, factors[b:], move[b:])
print(f"test loss {test_loss:.4f}, test hit rate {test_acc:.4f}")
