"""Unsupervised domain adaptation (DANN) on two sets of rotated, shifted moons."""
import math

import torch
from torch import nn
from torch.autograd import Function
from sklearn.datasets import make_moons

torch.manual_seed(19)


class GradientReversal(Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.strength * grad, None


def domain(n, angle, seed):
    x, y = make_moons(n, noise=0.08, random_state=seed)
    x = torch.tensor(x, dtype=torch.float32) - torch.tensor([0.5, 0.25])
    c, s = math.cos(angle), math.sin(angle)
    return (x @ torch.tensor([[c, -s], [s, c]])) / torch.tensor([0.87, 0.5]), torch.tensor(y)


class DANN(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.label_head = nn.Linear(width, 2)
        self.domain_head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x, strength):
        f = self.features(x)
        return self.label_head(f), self.domain_head(GradientReversal.apply(f, strength))


source_x, source_y = domain(1000, 0.0, 1)
target_x, _ = domain(1000, math.radians(25), 2)
test_x, test_y = domain(600, math.radians(25), 3)
model = DANN()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
ce = nn.CrossEntropyLoss()
EPOCHS, BATCH = 30, 50
for epoch in range(EPOCHS):
    strength = 0.3 * (2 / (1 + math.exp(-10 * epoch / EPOCHS)) - 1)
    model.train()
    sums = [0.0, 0.0]
    source_order, target_order = torch.randperm(1000), torch.randperm(1000)
    for i in range(0, 1000, BATCH):
        s, t = source_order[i:i + BATCH], target_order[i:i + BATCH]
        labels, dom_s = model(source_x[s], strength)
        _, dom_t = model(target_x[t], strength)
        label_loss = ce(labels, source_y[s])
        domain_loss = 0.5 * (ce(dom_s, torch.zeros(len(s), dtype=torch.long)) + ce(dom_t, torch.ones(len(t), dtype=torch.long)))
        optimizer.zero_grad()
        (label_loss + domain_loss).backward()
        optimizer.step()
        sums[0] += label_loss.item()
        sums[1] += domain_loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(test_x, 0.0)[0].argmax(1) == test_y).float().mean().item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d} label {sums[0] / 20:.3f} domain {sums[1] / 20:.3f} target accuracy {acc:.4f}")
