"""Would the guest come back?  Bag-of-words of short reviews, a two-layer network."""
import copy
import numpy as np
import torch
import torch.nn as nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

SEED, VOCAB = 40, 150


def reviews(n, rng, weights):
    counts = rng.poisson(0.35, size=(n, VOCAB)).astype(np.float32)
    logit = counts @ weights
    logit = logit - logit.mean()
    label = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float32)
    return counts, label


class ReturnNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(VOCAB, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        return bce(out, y).item(), ((out > 0) == (y > 0.5)).float().mean().item()


def train(model, data, max_epochs=60, lr=1e-3, batch_size=32, patience=None):
    (x, y), (xv, yv) = data
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    best, best_state, waited = float("inf"), None, 0
    for epoch in range(max_epochs):
        model.train()
        running = 0.0
        for idx in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss = bce(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            running += loss.item() * len(idx)
        val, acc = evaluate(model, xv, yv)
        if epoch < 8 or epoch % 6 == 5:
            print(f"epoch {epoch:2d} train {running / len(x):.4f} val {val:.4f} ({acc:.3f})")
        if val < best:
            best, best_state, waited = val, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
        if patience is not None and waited >= patience:
            model.load_state_dict(best_state)
            break
    return model


torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
weights = rng.normal(0, 0.55, VOCAB)
sets = [reviews(n, rng, weights) for n in (1500, 600, 2000)]
mean, std = sets[0][0].mean(0), sets[0][0].std(0)
tensors = [(torch.from_numpy((a - mean) / std), torch.from_numpy(b)) for a, b in sets]
model = train(ReturnNet(), tensors[:2])
loss, acc = evaluate(model, *tensors[2])
print(f"test accuracy {acc:.4f}")
print(f"test log-loss {loss:.4f}")
