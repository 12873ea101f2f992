import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler


class FocalLoss(nn.Module):
    """FL(p_t) = -(1 - p_t)^gamma log(p_t)"""

    def __init__(self, gamma=2.0, eps=1e-8):
        super().__init__()
        self.gamma, self.eps = gamma, eps

    def forward(self, logits, target):
        prob = F.softmax(logits, dim=1)
        p_t = prob.gather(1, target.unsqueeze(1)).squeeze(1).clamp(min=self.eps)
        return (-(1 - p_t) ** self.gamma * p_t.log()).mean()


class ConvBlock(nn.Sequential):
    def __init__(self, c_in, c_out):
        super().__init__(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True),
                         nn.MaxPool2d(2))


def long_tail(y, gen):
    """keep fewer and fewer examples of the higher digits"""
    keep = []
    for k in range(10):
        idx = (y == k).nonzero().flatten()
        keep.append(idx[torch.randperm(len(idx), generator=gen)][:int(120 * 0.85 ** k)])
    return torch.cat(keep)


gen = torch.Generator().manual_seed(10)
torch.manual_seed(10)
data, target = load_digits(return_X_y=True)
data = torch.tensor(data).float().view(-1, 1, 8, 8)
data = (data - data.mean()) / data.std()
target = torch.tensor(target)
perm = torch.randperm(len(data), generator=gen)
test_idx, pool = perm[:400], perm[400:]
train_idx = pool[long_tail(target[pool], gen)]
counts = torch.bincount(target[train_idx])
print("per class:", counts.tolist())

sampler = WeightedRandomSampler(1.0 / counts[target[train_idx]].float(), num_samples=960)
loader = DataLoader(TensorDataset(data[train_idx], target[train_idx]), batch_size=48, sampler=sampler)
model = nn.Sequential(ConvBlock(1, 16), ConvBlock(16, 32), nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 4, 10))
criterion = FocalLoss(gamma=2.0)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)

for epoch in range(10):
    model.train()
    epoch_loss = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() / len(loader)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(data[test_idx])
        test_loss = criterion(out, target[test_idx]).item()
        acc = (out.argmax(1) == target[test_idx]).float().mean().item()
    print(f"epoch {epoch:2d} focal loss {epoch_loss:.4f} test focal loss {test_loss:.4f} test accuracy {acc:.4f}")
