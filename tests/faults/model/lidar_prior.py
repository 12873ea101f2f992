import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

np.random.seed(19)
torch.manual_seed(19)


def sweeps(n, beams=48):
    """range profile of a lidar sweep; a pole (narrow), a car (wide) and a wall (slope) may each be there"""
    tags = (np.random.rand(n, 3) < 0.45).astype(np.float32)
    b = np.arange(beams)
    r = np.random.randn(n, beams) * 0.35
    for i in range(n):
        if tags[i, 0]:
            r[i] -= 2.2 * (np.abs(b - np.random.randint(2, beams - 2)) < 1.5)
        if tags[i, 1]:
            r[i] -= 1.3 * (np.abs(b - np.random.randint(6, beams - 6)) < 5.5)
        if tags[i, 2]:
            r[i] += np.random.choice([-1, 1]) * np.linspace(-1.2, 1.2, beams)
    r = (r - r.mean()) / r.std()
    return torch.tensor(r, dtype=torch.float32), torch.tensor(tags)


class Detector(nn.Module):
    def __init__(self, prior=0.055):
        super().__init__()
        self.stem = nn.Conv1d(1, 24, 7, padding=3)
        self.body = nn.Conv1d(24, 24, 5, stride=2, padding=2)
        self.dense = nn.Linear(24 * 12, 48)
        self.tags = nn.Linear(48, 3)
        prior_bias = -math.log((1 - prior) / prior)
        for m in self.modules():
            if isinstance(m, (nn.Conv1d, nn.Linear)):
                nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                nn.init.constant_(m.bias, prior_bias)

    def forward(self, x):
        x = F.relu(self.stem(x.unsqueeze(1)))
        x = F.max_pool1d(F.relu(self.body(x)), 2)
        return self.tags(F.relu(self.dense(x.flatten(1))))


x_train, t_train = sweeps(2000)
x_val, t_val = sweeps(600)
model = Detector()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
EPOCHS, BATCH = 14, 40
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(EPOCHS):
    model.train()
    perm = torch.randperm(len(x_train))
    epoch_loss = 0.0
    for k in range(0, len(perm), BATCH):
        rows = perm[k:k + BATCH]
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x_train[rows]), t_train[rows])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(rows)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(x_val)
        val_loss = F.binary_cross_entropy_with_logits(logits, t_val).item()
        per_tag = ((logits > 0).float() == t_val).float().mean(0)
    print(f"epoch {epoch:2d} train {epoch_loss / len(perm):.4f} val {val_loss:.4f} pole/car/wall "
          + " ".join(f"{a:.3f}" for a in per_tag.tolist()))
print(f"mean tag accuracy {per_tag.mean().item():.4f}")
