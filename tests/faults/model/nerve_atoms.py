"""Sparse autoencoder over nerve-bundle recordings.

Each 32-channel snapshot is a sum of a few firing fibres; the lab wants one dictionary atom per fibre.
ReLU code, unit-norm decoder atoms, L1 on the code.  Score: share of variance explained on new snapshots.
"""
import torch
import torch.nn.functional as F

torch.manual_seed(31)

CHANNELS, FIBRES, ATOMS = 32, 48, 96
SPARSITY = 0.08


def snapshots(n, fibres):
    active = (torch.rand(n, FIBRES) < 0.06).float()
    strength = 0.5 + torch.rand(n, FIBRES)
    x = (active * strength) @ fibres + 0.03 * torch.randn(n, CHANNELS)
    return x


class SparseCoder(torch.nn.Module):
    def __init__(self, channels, atoms):
        super().__init__()
        d = F.normalize(torch.randn(atoms, channels), dim=1)
        self.decoder = torch.nn.Parameter(d.clone())
        self.encoder = torch.nn.Parameter(d.clone())
        self.threshold = torch.nn.Parameter(torch.full((atoms,), 1.45))
        self.offset = torch.nn.Parameter(torch.zeros(channels))

    def encode(self, x):
        return F.relu((x - self.offset) @ self.encoder.t() - self.threshold)

    def forward(self, x):
        code = self.encode(x)
        return code @ self.decoder + self.offset, code

    @torch.no_grad()
    def tidy(self):
        self.decoder.data = F.normalize(self.decoder.data, dim=1)


def explained(coder, x):
    with torch.no_grad():
        rec, code = coder(x)
        left = (x - rec).pow(2).sum() / (x - x.mean(0)).pow(2).sum()
        return 1 - left.item(), (code > 0).float().sum(1).mean().item()


fibres = F.normalize(torch.randn(FIBRES, CHANNELS), dim=1)
recorded, fresh = snapshots(16000, fibres), snapshots(3000, fibres)
# one overall gain, so that a snapshot has unit power per atom direction
gain = recorded.pow(2).sum(1).mean().rsqrt() * 1.5
recorded, fresh = recorded * gain, fresh * gain

coder = SparseCoder(CHANNELS, ATOMS)
coder.offset.data.copy_(recorded.mean(0))
opt = torch.optim.Adam(coder.parameters(), lr=3e-3)

print("step     recon      l1   EV(new)  active/snapshot")
for step in range(1801):
    x = recorded[torch.randint(len(recorded), (256,))]
    rec, code = coder(x)
    recon = (x - rec).pow(2).sum(1).mean()
    l1 = code.abs().sum(1).mean()
    loss = recon + SPARSITY * l1
    opt.zero_grad()
    loss.backward()
    opt.step()
    coder.tidy()
    if step == 1400:
        opt.param_groups[0]["lr"] = 5e-4
    if step % 200 == 0:
        ev, n_on = explained(coder, fresh)
        print(f"{step:4d}  {recon.item():8.4f} {l1.item():7.3f}  {ev:8.4f}  {n_on:6.1f}")

ev, _ = explained(coder, fresh)
print(f"explained variance on new snapshots: {ev:.4f}")
