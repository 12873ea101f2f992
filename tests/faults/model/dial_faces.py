# Squeeze digit pictures through twelve numbers and draw them again.
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

np.random.seed(0)
torch.manual_seed(0)

pictures = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 16
shuffle = torch.randperm(len(pictures))
train, held = pictures[shuffle[:1440]], pictures[shuffle[1440:]]

encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 12))
decoder = nn.Sequential(nn.Linear(12, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid())
params = list(encoder.parameters()) + list(decoder.parameters())
opt = torch.optim.Adam(params, lr=3e-3)
mse = nn.MSELoss()

micro = 16
accumulate = 30
for epoch in range(60):
    order = torch.randperm(len(train))
    total = 0.0
    for i, idx in enumerate(order.split(micro), start=1):
        loss = mse(decoder(encoder(train[idx])), train[idx])
        (loss / accumulate).backward()
        if i % accumulate == 0:
            opt.step()
            opt.zero_grad()
        total += loss.item()
    if epoch % 6 == 5:
        with torch.no_grad():
            held_loss = mse(decoder(encoder(held)), held).item()
        print(f"epoch {epoch + 1}: train {total / i:.5f} held-out {held_loss:.5f}")
print(f"held-out reconstruction error {held_loss:.5f}")
