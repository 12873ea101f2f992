# Multi-class SVM on a learned embedding: leaf outline descriptors -> eight thistles. Crammer-Singer hinge.
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(28)
rng = np.random.default_rng(28)
SPECIES, DESCRIPTORS = 8, 16

centres = rng.normal(0, 1, (SPECIES, 4))
mixing = rng.normal(0, 1, (4, DESCRIPTORS))


def leaves(n):
    y = rng.integers(0, SPECIES, n)
    latent = centres[y] + rng.normal(0, 0.33, (n, 4))
    return np.tanh(latent @ mixing * 0.5) + rng.normal(0, 0.15, (n, DESCRIPTORS)), y


xa, ya = leaves(2000)
xb, yb = leaves(700)
m, s = xa.mean(0), xa.std(0)
xa, xb = torch.tensor((xa - m) / s).float(), torch.tensor((xb - m) / s).float()
ya, yb = torch.tensor(ya), torch.tensor(yb)

features = nn.Sequential(nn.Linear(DESCRIPTORS, 40), nn.ReLU(), nn.Dropout(0.3))
svm = nn.Linear(40, SPECIES)
params = list(features.parameters()) + list(svm.parameters())
hinge = nn.MultiMarginLoss(margin=1.0)
optimizer = torch.optim.SGD(params, lr=0.2, momentum=0.9, weight_decay=3e-4)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=3)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=22)
scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[3])

for epoch in range(1, 26):
    features.train()
    order = torch.randperm(len(xa))
    running, hits = 0.0, 0
    for rows in torch.split(order, 50):
        scores = svm(features(xa[rows]))
        loss = hinge(scores, ya[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(rows)
        hits += (scores.argmax(1) == ya[rows]).sum().item()
    scheduler.step()
    features.eval()
    with torch.no_grad():
        out = svm(features(xb))
        held_loss, held = hinge(out, yb).item(), (out.argmax(1) == yb).float().mean().item()
    print(f"{epoch:2d} hinge {running / len(xa):.4f} hits {hits / len(xa):.4f} | held out {held_loss:.4f} {held:.4f}")
print(f"held-out accuracy {held:.4f}")
