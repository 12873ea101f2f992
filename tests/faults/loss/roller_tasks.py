import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(21)

FAULTS = 4
N = 3600


def simulate(n):
    kind = torch.randint(0, FAULTS, (n,))
    load = torch.rand(n) * 2 - 1
    speed = torch.rand(n) * 2 - 1
    t = torch.linspace(0, 1, 40)
    freq = 3.0 + 2.0 * kind[:, None] + speed[:, None]
    amp = 1.0 + 0.5 * load[:, None]
    wave = amp * torch.sin(2 * torch.pi * freq * t + torch.rand(n, 1) * 6.28)
    wave = wave + 0.35 * torch.randn(n, 40)
    wear = 0.8 * load + 0.6 * speed * load + 0.3 * kind.float() + 0.05 * torch.randn(n)
    feats = torch.cat([wave, load[:, None], speed[:, None]], 1)
    return feats, kind, wear


class TwoHeads(nn.Module):
    def __init__(self, n_in, width=64):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(n_in, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
        )
        self.kind_head = nn.Linear(width, FAULTS)
        self.wear_head = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.kind_head(h), self.wear_head(h)


feats, kind, wear = simulate(N)
feats = (feats - feats[:2800].mean(0)) / feats[:2800].std(0)
wear = (wear - wear[:2800].mean()) / wear[:2800].std()
train_set = TensorDataset(feats[:2800], kind[:2800], wear[:2800])
val_feats, val_kind, val_wear = feats[2800:], kind[2800:], wear[2800:]
loader = DataLoader(train_set, batch_size=40, shuffle=True)

net = TwoHeads(feats.shape[1])
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
ce = nn.CrossEntropyLoss()
huber = nn.SmoothL1Loss()

for epoch in range(14):
    net.train()
    sums = [0.0, 0.0]
    for xb, kb, wb in loader:
        logits, wear_hat = net(xb)
        loss_kind = ce(logits, kb)
        loss_wear = huber(wear_hat, wb)
        loss = loss_kind + loss_wear
        opt.zero_grad()
        loss.backward()
        opt.step()
        sums[0] += loss_kind.item()
        sums[1] += loss_wear.item()
    sched.step()
    net.eval()
    with torch.no_grad():
        logits, wear_hat = net(val_feats)
        acc = (logits.argmax(1) == val_kind).float().mean().item()
        rest = val_wear - wear_hat.flatten()
        rmse = rest.pow(2).mean().sqrt().item()
        vl = ce(logits, val_kind).item()
    print(f"epoch {epoch:02d}  kind {sums[0] / len(loader):.3f}  wear {sums[1] / len(loader):.3f}"
          f"  | val kind loss {vl:.3f}  val kind acc {acc:.3f}  val wear rmse {rmse:.3f}")

print(f"final wear RMSE: {rmse:.4f}")
