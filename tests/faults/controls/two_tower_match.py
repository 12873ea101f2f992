"""Match product photos to descriptions: two towers, in-batch negatives, learnt temperature."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Tower(nn.Module):
    def __init__(self, d_in, d_out=24, width=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d_in, width), nn.ReLU(), nn.Linear(width, d_out))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.photo, self.text = Tower(30), Tower(20)
        self.log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))

    def forward(self, photo, text):
        return self.log_scale.exp() * self.photo(photo) @ self.text(text).t()


def products(n, seed):
    r = np.random.default_rng(seed)
    w = np.random.default_rng(0)
    a, b = w.normal(size=(8, 30)), w.normal(size=(8, 20))
    z = r.normal(size=(n, 8))
    photo = np.tanh(0.6 * z @ a) + 0.35 * r.normal(size=(n, 30))
    text = 0.35 * z @ b + 0.35 * r.normal(size=(n, 20))
    return torch.tensor(photo, dtype=torch.float32), torch.tensor(text, dtype=torch.float32)


torch.manual_seed(0)
photo, text = products(5000, 1)
stats = [(t.mean(0), t.std(0)) for t in (photo, text)]
scale = lambda t, s: (t - s[0]) / s[1]
loader = DataLoader(TensorDataset(scale(photo, stats[0]), scale(text, stats[1])), batch_size=100, shuffle=True, drop_last=True)
val_photo, val_text = products(200, 2)
val_photo, val_text = scale(val_photo, stats[0]), scale(val_text, stats[1])

model = Matcher()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
EPOCHS = 25
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=EPOCHS * len(loader))
for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for p, t in loader:
        logits = model(p, t)
        target = torch.arange(len(p))
        loss = 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        with torch.no_grad():
            model.log_scale.clamp_(max=np.log(100))
        total += loss.item()
    model.eval()
    with torch.no_grad():
        recall = (model(val_photo, val_text).argmax(1) == torch.arange(200)).float().mean().item()
    if epoch % 4 == 0:
        print(f"epoch {epoch:2d} contrastive loss {total / len(loader):.4f} recall@1 {recall:.4f}")
