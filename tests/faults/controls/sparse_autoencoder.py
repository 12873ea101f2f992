import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(52)
N_FEATURES, DIM, DICT = 24, 16, 96


def sample(n, dictionary):
    on = (torch.rand(n, N_FEATURES) < 0.08).float()
    strength = on * (0.5 + torch.rand(n, N_FEATURES))
    return strength @ dictionary


class SparseAutoencoder(nn.Module):
    def __init__(self, d, m):
        super().__init__()
        self.encoder = nn.Linear(d, m)
        self.decoder = nn.Linear(m, d)
        with torch.no_grad():
            self.encoder.weight.copy_(F.normalize(torch.randn(m, d), dim=1))
            self.decoder.weight.copy_(self.encoder.weight.t())
            self.encoder.bias.zero_()
            self.decoder.bias.zero_()

    def forward(self, x):
        code = F.relu(self.encoder(x))
        return self.decoder(code), code


dictionary = F.normalize(torch.randn(N_FEATURES, DIM), dim=1)
train, test = sample(8000, dictionary), sample(1000, dictionary)
mean, std = train.mean(0), train.std()
train, test = (train - mean) / std, (test - mean) / std
sae = SparseAutoencoder(DIM, DICT)
opt = torch.optim.Adam(sae.parameters(), lr=2e-3)
epochs, l1 = 25, 2e-2
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
for epoch in range(epochs):
    sae.train()
    mse_sum = 0.0
    for x in train[torch.randperm(len(train))].split(100):
        recon, code = sae(x)
        mse = F.mse_loss(recon, x)
        loss = mse + l1 * code.sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        mse_sum += mse.item() * len(x)
    sched.step()
    sae.eval()
    with torch.no_grad():
        recon, code = sae(test)
        err = F.mse_loss(recon, test).item()
        l0 = (code > 1e-4).float().sum(1).mean().item()
        unused = (code.max(0).values < 1e-4).sum().item()
    if epoch % 4 == 0:
        print(f"epoch {epoch + 1:2d} train mse {mse_sum / len(train):.4f} test mse {err:.4f} active {l0:.1f} unused {unused}/{DICT}")
print(f"unexplained variance {err:.4f}")
