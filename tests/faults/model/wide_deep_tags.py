import math
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score
from torch.utils.data import DataLoader, TensorDataset


def articles(n, rng):
    x = rng.standard_normal((n, 12)).astype(np.float32)
    score = np.stack([
        x[:, 0] * x[:, 1] * 2.0 + x[:, 2] - 2.2,
        np.abs(x[:, 3]) * 2.5 - 1.0 * x[:, 4] - 4.0,
        x[:, 5] ** 2 * 1.2 - x[:, 6] ** 2 + x[:, 0] - 2.2,
        2.0 * x[:, 7] + x[:, 8] * np.sign(x[:, 9]) * 2.0 - 3.4], 1)
    y = (score + 0.2 * rng.standard_normal(score.shape) > 0).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


class WideAndDeep(nn.Module):
    def __init__(self, n_in, n_tags, width=96, prior=0.05):
        super().__init__()
        self.wide = nn.Linear(n_in, n_tags)
        self.deep1 = nn.Linear(n_in, width)
        self.deep2 = nn.Linear(width, width)
        self.deep_out = nn.Linear(width, n_tags)
        self.drop = nn.Dropout(0.1)
        self.init_prior(prior)

    def init_prior(self, prior):
        """Start from the tag frequency, as in the focal loss paper."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.constant_(layer.bias, -math.log((1 - prior) / prior))

    def forward(self, x):
        h = torch.relu(self.deep1(x))
        h = self.drop(torch.relu(self.deep2(h)))
        return self.wide(x) + self.deep_out(h)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    loss = nn.functional.binary_cross_entropy_with_logits(logits, y).item()
    return loss, average_precision_score(y.numpy(), logits.numpy(), average="macro")


torch.manual_seed(23)
rng = np.random.default_rng(23)
train_x, train_y = articles(6000, rng)
val_x, val_y = articles(2000, rng)
print("tag frequency", train_y.mean(0).tolist())
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=100, shuffle=True)
model = WideAndDeep(12, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-5)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
bce = nn.BCEWithLogitsLoss()
for epoch in range(20):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = bce(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    val_loss, mean_ap = evaluate(model, val_x, val_y)
    print(f"epoch {epoch:2d} | train {total / len(loader):.4f} | val {val_loss:.4f} | mAP {mean_ap:.4f}")
print(f"mean average precision {mean_ap:.4f}")
