"""Domain-adversarial training (DANN): labelled lab recordings, unlabelled field recordings."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.strength * grad, None


class DANN(nn.Module):
    def __init__(self, d_in=16, d_feat=24, classes=4):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(d_in, 48), nn.ReLU(), nn.Linear(48, d_feat), nn.ReLU())
        self.labels = nn.Linear(d_feat, classes)
        self.domain = nn.Sequential(nn.Linear(d_feat, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, x, strength=0.0):
        h = self.features(x)
        return self.labels(h), self.domain(GradReverse.apply(h, strength)).squeeze(1)


def recordings(n, shift, seed):
    g = torch.Generator().manual_seed(seed)
    centres = 1.2 * torch.randn(4, 16, generator=torch.Generator().manual_seed(123))
    y = torch.randint(0, 4, (n,), generator=g)
    x = centres[y] + torch.randn(n, 16, generator=g)
    x[:, 12:] += shift
    return x, y


torch.manual_seed(12)
lab_x, lab_y = recordings(3000, 0.0, 1)
field_x, _ = recordings(3000, 0.8, 2)
test_x, test_y = recordings(1000, 0.8, 3)
both = torch.cat([lab_x, field_x])
mean, std = both.mean(0), both.std(0)
lab_x, field_x, test_x = [(t - mean) / std for t in (lab_x, field_x, test_x)]
lab_loader = DataLoader(TensorDataset(lab_x, lab_y), batch_size=50, shuffle=True)
field_loader = DataLoader(TensorDataset(field_x), batch_size=50, shuffle=True)

model = DANN()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
EPOCHS = 12
for epoch in range(EPOCHS):
    model.train()
    strength = 0.3 * epoch / EPOCHS
    sums = torch.zeros(2)
    for (xs, ys), (xt,) in zip(lab_loader, field_loader):
        logits, dom = model(torch.cat([xs, xt]), strength)
        label_loss = F.cross_entropy(logits[:len(xs)], ys)
        is_field = torch.cat([torch.zeros(len(xs)), torch.ones(len(xt))])
        domain_loss = F.binary_cross_entropy_with_logits(dom, is_field)
        optimizer.zero_grad()
        (label_loss + domain_loss).backward()
        optimizer.step()
        sums += torch.tensor([label_loss.item(), domain_loss.item()])
    model.eval()
    with torch.no_grad():
        acc = (model(test_x)[0].argmax(1) == test_y).float().mean().item()
    ll, dl = (sums / len(lab_loader)).tolist()
    print(f"epoch {epoch + 1:2d} label loss {ll:.3f} domain loss {dl:.3f} field accuracy {acc:.4f}")
