import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
VARIETIES, BANDS = 6, 24


def sample_fruit(n, protos, ripe_axis):
    variety = torch.arange(n) % VARIETIES
    ripeness = torch.rand(n)
    x = protos[variety] + (ripeness - 0.5)[:, None] * 3 * ripe_axis + 0.8 * torch.randn(n, BANDS)
    x = x + 0.3 * torch.sin(2 * x)
    return x, variety, (ripeness - 0.5) / 0.29


class TwoTaskNet(nn.Module):
    """Shared trunk, one head for the variety and one for the ripeness."""

    def __init__(self, d_in=BANDS, width=64):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(d_in, width), nn.LayerNorm(width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
        )
        self.variety_head = nn.Linear(width, VARIETIES)
        self.ripeness_head = nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        h = self.trunk(x)
        return self.variety_head(h), self.ripeness_head(h).squeeze(1)


def train_one_epoch(model, loader, optimizer):
    model.train()
    sums = torch.zeros(2)
    for x, variety, ripeness in loader:
        logits, ripe = model(x)
        variety_loss = F.cross_entropy(logits, variety)
        ripeness_loss = F.mse_loss(ripe, ripeness)

        variety_loss.backward(retain_graph=True)
        optimizer.zero_grad()
        ripeness_loss.backward()
        optimizer.step()
        sums += torch.tensor([variety_loss.item(), ripeness_loss.item()])
    return (sums / len(loader)).tolist()


@torch.no_grad()
def validate(model, loader):
    model.eval()
    hit, sq, n = 0, 0.0, 0
    for x, variety, ripeness in loader:
        logits, ripe = model(x)
        hit += (logits.argmax(1) == variety).sum().item()
        sq += ((ripe - ripeness) ** 2).sum().item()
        n += len(x)
    return hit / n, sq / n


protos = torch.randn(VARIETIES, BANDS) * 0.7
ripe_axis = F.normalize(torch.randn(BANDS), dim=0)
train_x, train_v, train_r = sample_fruit(4500, protos, ripe_axis)
valid_x, valid_v, valid_r = sample_fruit(600, protos, ripe_axis)
mu, sd = train_x.mean(0), train_x.std(0)
train_loader = DataLoader(TensorDataset((train_x - mu) / sd, train_v, train_r), batch_size=50, shuffle=True)
valid_loader = DataLoader(TensorDataset((valid_x - mu) / sd, valid_v, valid_r), batch_size=300)

model = TwoTaskNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
for epoch in range(1, 9):
    lv, lr_ = train_one_epoch(model, train_loader, optimizer)
    acc, mse = validate(model, valid_loader)
    print(f"epoch {epoch:2d} | variety loss {lv:.3f} ripeness loss {lr_:.3f} | val acc {acc:.3f} val mse {mse:.3f}")
print(f"variety accuracy {acc:.4f}, ripeness MSE {mse:.4f}")
