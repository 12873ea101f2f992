# A small vision transformer on 8x8 digits, four pixels to a patch.
import math

import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
EPOCHS, BATCH, DIM = 13, 50, 32

images, labels = load_digits(return_X_y=True)
x = torch.tensor(images, dtype=torch.float32).view(-1, 8, 8)
x = (x - x.mean()) / x.std()
patches = x.unfold(1, 2, 2).unfold(2, 2, 2).reshape(-1, 16, 4)
labels = torch.tensor(labels)
order = torch.randperm(len(x))
patches, labels = patches[order], labels[order]
train_x, train_y, test_x, test_y = patches[:1400], labels[:1400], patches[1400:], labels[1400:]


class TinyViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, DIM)
        self.position = nn.Parameter(0.1 * torch.randn(16, DIM))
        layer = nn.TransformerEncoderLayer(DIM, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=1, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(DIM), nn.Linear(DIM, 10))

    def forward(self, p):
        return self.head(self.encoder(self.embed(p) + self.position).mean(dim=1))


model = TinyViT()
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
steps_per_epoch = len(train_x) // BATCH
warmup_steps, total_steps = 20, 60


def factor(step):
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(train_x)).split(BATCH):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(train_x[idx]), train_y[idx])
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        accuracy = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1:02d} train loss {total / steps_per_epoch:.3f} test accuracy {accuracy:.3f}")
