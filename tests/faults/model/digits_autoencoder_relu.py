import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser(description="autoencoder on 8x8 digits")
parser.add_argument("--epochs", type=int, default=28)
parser.add_argument("--code", type=int, default=24)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=5e-3)
args = parser.parse_args()

torch.manual_seed(4)


class ThresholdedReLU(nn.Module):
    def __init__(self, theta=0.0):
        super().__init__()
        self.theta = theta

    def forward(self, x):
        return F.relu(x - self.theta)


class AutoEncoder(nn.Module):
    def __init__(self, code):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, code))
        self.sparsify = ThresholdedReLU(theta=0.7)
        self.dec = nn.Sequential(nn.Linear(code, 96), nn.ReLU(), nn.Linear(96, 64))

    def forward(self, x):
        z = self.sparsify(self.enc(x))
        return self.dec(z), z


images = torch.tensor(load_digits().data, dtype=torch.float32)
images = images[torch.randperm(len(images))]
train, test = images[:1500], images[1500:]
m, s = train.mean(), train.std()
train, test = (train - m) / s, (test - m) / s

ae = AutoEncoder(args.code)
optimizer = torch.optim.Adam(ae.parameters(), lr=args.lr)
scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=args.lr, total_steps=args.epochs * (len(train) // args.batch_size + 1))

for epoch in range(1, args.epochs + 1):
    ae.train()
    total = 0.0
    for batch in train[torch.randperm(len(train))].split(args.batch_size):
        recon, _ = ae(batch)
        loss = F.mse_loss(recon, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(batch)
    ae.eval()
    with torch.no_grad():
        recon, z = ae(test)
        test_loss = F.mse_loss(recon, test).item()
    if epoch % 4 == 0:
        print(f"epoch {epoch:3d} train {total / len(train):.4f} test {test_loss:.4f}")
print(f"reconstruction error on held-out digits: {test_loss:.4f}")
