"""Set transformer: from a cloud of 2-d sightings, count how many distinct nests they come from."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(12)
POINTS, MAX_NESTS = 12, 4


def clouds(n):
    count = torch.randint(1, MAX_NESTS + 1, (n,))
    angle = torch.rand(n, 1) * 6.283 + torch.arange(MAX_NESTS) * 6.283 / MAX_NESTS
    nests = torch.stack([angle.cos(), angle.sin()], -1)
    slot = torch.argsort(torch.rand(n, MAX_NESTS), 1)
    owner = torch.arange(POINTS).expand(n, -1) % count[:, None]
    owner = slot.gather(1, owner)
    pts = nests.gather(1, owner.unsqueeze(-1).expand(-1, -1, 2)) + 0.16 * torch.randn(n, POINTS, 2)
    return pts * 1.4, count - 1


class SetBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, num_heads=4)
        self.ff = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def forward(self, x):
        x = self.norm1(x + self.attn(x, x, x, need_weights=False)[0])
        return self.norm2(x + self.ff(x))


class NestCounter(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.embed = nn.Linear(2, dim)
        self.block1 = SetBlock(dim)
        self.block2 = SetBlock(dim)
        self.head = nn.Linear(dim, MAX_NESTS)

    def forward(self, x):
        h = self.block2(self.block1(self.embed(x)))
        return self.head(h.mean(dim=1))


train_x, train_y = clouds(2500)
test_x, test_y = clouds(500)
net = NestCounter()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    net.train()
    running = 0.0
    for idx in torch.randperm(len(train_x)).split(50):
        loss = F.cross_entropy(net(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    net.eval()
    with torch.no_grad():
        logits = torch.cat([net(chunk) for chunk in test_x.split(50)])
    print(f"epoch {epoch + 1} train loss {running / len(train_x):.4f} test loss {F.cross_entropy(logits, test_y).item():.4f} "
          f"count accuracy {(logits.argmax(1) == test_y).float().mean().item():.4f}")
