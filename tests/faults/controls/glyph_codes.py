"""Vector-quantised autoencoder on the 8x8 digits."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(6)


class Codebook(nn.Module):
    def __init__(self, size, dim, beta=0.25, decay=0.95):
        super().__init__()
        self.beta, self.decay = beta, decay
        self.register_buffer("codes", torch.randn(size, dim))
        self.register_buffer("counts", torch.ones(size))
        self.register_buffer("sums", self.codes.clone())

    def forward(self, z):
        flat = z.reshape(-1, z.size(-1))
        picked = torch.cdist(flat.detach(), self.codes).argmin(1)
        if self.training:
            with torch.no_grad():
                hot = F.one_hot(picked, len(self.codes)).float()
                self.counts.mul_(self.decay).add_(hot.sum(0), alpha=1 - self.decay)
                self.sums.mul_(self.decay).add_(hot.t() @ flat, alpha=1 - self.decay)
                unused = self.counts < 0.05
                if unused.any():
                    new = flat[torch.randint(len(flat), (int(unused.sum()),))]
                    self.sums[unused], self.counts[unused] = new, 1.0
                self.codes.copy_(self.sums / self.counts.unsqueeze(1))
        q = self.codes[picked].view_as(z)
        commit = self.beta * F.mse_loss(z, q.detach())
        return z + (q - z).detach(), commit, picked


class VQDigits(nn.Module):
    def __init__(self, dim=16, slots=8, size=48):
        super().__init__()
        self.slots, self.dim = slots, dim
        self.enc = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, slots * dim))
        self.vq = Codebook(size, dim)
        self.dec = nn.Sequential(nn.Linear(slots * dim, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x):
        z = self.enc(x).view(-1, self.slots, self.dim)
        q, commit, picked = self.vq(z)
        return self.dec(q.flatten(1)), commit, picked


data = torch.tensor(load_digits().data, dtype=torch.float32)
data = data[torch.randperm(len(data))]
train, test = data[:1400], data[1400:]
mean, std = train.mean(), train.std()
train, test = (train - mean) / std, (test - mean) / std

model = VQDigits()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
EPOCHS = 60
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    model.train()
    for rows in torch.randperm(len(train)).split(70):
        out, commit, _ = model(train[rows])
        loss = F.mse_loss(out, train[rows]) + commit
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    if epoch % 6 == 0:
        model.eval()
        with torch.no_grad():
            fit = F.mse_loss(model(train)[0], train).item()
            out, commit, picked = model(test)
            mse = F.mse_loss(out, test).item()
        print(f"epoch {epoch:2d} train mse {fit:.4f} test mse {mse:.4f} commit {commit.item():.4f} codes used {picked.unique().numel()}")
print(f"reconstruction error {mse:.4f}")
