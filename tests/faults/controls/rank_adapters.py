"""Low-rank adapters: a body trained on one mixing of the sensors is kept frozen and adapted to another one."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)
g = torch.Generator().manual_seed(50)
TEACH1, TEACH2 = torch.randn(16, 24, generator=g) / 4, torch.randn(24, 4, generator=g)


def task(n, shift):
    x = torch.randn(n, 16)
    u = torch.randn(16, 2, generator=torch.Generator().manual_seed(3)) / 4
    v = torch.randn(2, 24, generator=torch.Generator().manual_seed(4))
    logits = torch.tanh(1.5 * x @ (TEACH1 + shift * u @ v)) @ TEACH2
    return x, (logits + 0.2 * torch.randn_like(logits)).argmax(1)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(16, 64), nn.Linear(64, 64), nn.Linear(64, 4)

    def forward(self, x):
        return self.out(F.gelu(self.fc2(F.gelu(self.fc1(x)))))


class LowRank(nn.Module):
    def __init__(self, base, rank=4, scale=2.0):
        super().__init__()
        self.base, self.scale = base, scale
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features ** 0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.down), self.up)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        z = model(x)
    return F.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


def fit(model, data, val, epochs, lr, tag):
    params = [p for p in model.parameters() if p.requires_grad]
    print(f"{tag}: {sum(p.numel() for p in params)} trainable of {sum(p.numel() for p in model.parameters())}")
    opt = torch.optim.AdamW(params, lr=lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    loader = DataLoader(TensorDataset(*data), batch_size=100, shuffle=True)
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
        sched.step()
        print(f"{tag} epoch {epoch} train %.4f %.4f val %.4f %.4f" % (*accuracy(model, *data), *accuracy(model, *val)))


body = Body()
fit(body, task(6000, 0.0), task(1000, 0.0), 8, 3e-3, "pretrain")
new, new_val = task(5000, 0.7), task(1500, 0.7)
print("before adapting: %.4f" % accuracy(body, *new_val)[1])
body.fc1, body.fc2, body.out = LowRank(body.fc1), LowRank(body.fc2), LowRank(body.out)
fit(body, new, new_val, 12, 5e-3, "adapt")
print(f"accuracy after adapting: {accuracy(body, *new_val)[1]:.4f}")
