import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(70)


def days(n):
    weekday = torch.randint(0, 7, (n,))
    temp, rain, promo = torch.randn(n), (torch.rand(n) < 0.3).float(), (torch.rand(n) < 0.2).float()
    log_rate = torch.tensor([0.2, 0.0, 0.1, 0.2, 0.5, 1.0, 0.8])[weekday] + 0.25 * torch.sin(2 * temp) - 0.3 * rain + 0.4 * promo
    sold = torch.poisson(log_rate.exp())
    x = torch.stack([temp, (rain - 0.3) / 0.458, (promo - 0.2) / 0.4], 1)
    return TensorDataset(weekday, x, sold)


class CountModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.day = nn.Embedding(7, 4)
        self.net = nn.Sequential(nn.Linear(7, 24), nn.Tanh(), nn.Linear(24, 1))

    def forward(self, weekday, x):
        return self.net(torch.cat([self.day(weekday), x], 1)).squeeze(1)


train_set, val_set = days(5000), days(2000)
train_dl = DataLoader(train_set, batch_size=25, shuffle=True)
val_dl = DataLoader(val_set, batch_size=500)
criterion = nn.PoissonNLLLoss(log_input=True)
model = CountModel()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
ACCUM = 4


def deviance(loader):
    model.eval()
    dev, n = 0.0, 0
    with torch.no_grad():
        for w, x, k in loader:
            rate = model(w, x).exp()
            dev += 2 * (torch.xlogy(k, k / rate) - (k - rate)).sum().item()
            n += len(k)
    return dev / n


for epoch in range(12):
    model.train()
    total = 0.0
    opt.zero_grad()
    for i, (w, x, k) in enumerate(train_dl):
        loss = criterion(model(w, x), k)
        (loss / ACCUM).backward()
        if (i + 1) % ACCUM == 0:
            opt.step()
            opt.zero_grad()
        total += loss.item()
    sched.step()
    print(f"epoch {epoch + 1:2d}  poisson nll {total / len(train_dl):.4f}  val deviance {deviance(val_dl):.4f}")
