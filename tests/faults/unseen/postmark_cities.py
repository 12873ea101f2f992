"""Postmarks: pretrain on digits 0-5 stamps, freeze the backbone, learn 6-9 with a new head."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(13)
torch.set_num_threads(1)

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
labels = torch.tensor(digits.target)
old = labels < 6
old_x, old_y = images[old], labels[old]
new_x, new_y = images[~old], labels[~old] - 6


def backbone():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
    )


def loop(forward, params, x, y, epochs, lr, tag):
    opt = torch.optim.Adam(params, lr=lr)
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(y)).split(32):
            opt.zero_grad()
            loss = F.cross_entropy(forward(x[rows]), y[rows])
            loss.backward()
            opt.step()
            total += loss.item() * len(rows)
        print(f"{tag} epoch {epoch + 1} loss {total / len(y):.4f}")


body = backbone()
old_head = nn.Linear(512, 6)
loop(lambda x: old_head(body(x)), list(body.parameters()) + list(old_head.parameters()), old_x, old_y, 6, 1e-3, "pretrain")

for p in body.parameters():
    p.requires_grad_(False)
body.eval()

mix = torch.randperm(len(new_y))
new_x, new_y = new_x[mix], new_y[mix]
cut = 450
new_head = nn.Sequential(nn.Linear(512, 32), nn.ReLU(), nn.Linear(32, 4))
loop(lambda x: new_head(body(x)), new_head.parameters(), new_x[:cut], new_y[:cut], 15, 2e-3, "new head")

with torch.no_grad():
    out = new_head(body(new_x[cut:]))
print(f"new digits: test loss {F.cross_entropy(out, new_y[cut:]):.4f} accuracy {(out.argmax(1) == new_y[cut:]).float().mean():.4f}")
