"""Listeners rate each clip; the target is the share of listeners that chose each of six moods."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(61)
MOODS, FEATURES, LISTENERS = 6, 16, 25


def clips(n, mix):
    feats = torch.randn(n, FEATURES)
    inner = torch.tanh(feats @ mix[0]) @ mix[1]
    shares = torch.softmax(1.3 * inner, 1)
    votes = torch.distributions.Multinomial(LISTENERS, shares).sample()
    return feats, votes / LISTENERS, shares


class MoodNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES, 48), nn.LayerNorm(48), nn.GELU(), nn.Dropout(0.1))
        self.head = nn.Linear(48, MOODS)

    def forward(self, x):
        return F.log_softmax(self.head(self.body(x)), dim=-1)


mix = torch.randn(FEATURES, 8) / 3, torch.randn(8, MOODS) / 1.5
x_train, v_train, _ = clips(3000, mix)
x_val, v_val, shares_val = clips(800, mix)
loader = DataLoader(TensorDataset(x_train, v_train), batch_size=60, shuffle=True)
model = MoodNet()
criterion = nn.KLDivLoss(reduction="batchmean")
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, epochs=24, steps_per_epoch=len(loader))

for epoch in range(24):
    model.train()
    total = 0.0
    for x, v in loader:
        loss = criterion(model(x), v)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item() * len(x)
    model.eval()
    with torch.no_grad():
        logp = model(x_val)
        kl = criterion(logp, v_val).item()
        true_kl = criterion(logp, shares_val).item()
    if epoch % 2 == 1:
        print(f"epoch {epoch + 1}: train KL {total / len(x_train):.4f}  val KL to votes {kl:.4f}  to shares {true_kl:.4f}")
print(f"val KL {kl:.4f}")
