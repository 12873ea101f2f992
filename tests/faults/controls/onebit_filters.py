import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Sign(torch.autograd.Function):
    """Sign in the forward pass, identity inside [-1, 1] in the backward pass."""

    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.where(w >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, grad):
        (w,) = ctx.saved_tensors
        return grad * (w.abs() <= 1)


class OneBitConv(nn.Conv1d):
    def forward(self, x):
        scale = self.weight.abs().mean(dim=(1, 2), keepdim=True).detach()
        return nn.functional.conv1d(x, Sign.apply(self.weight) * scale, self.bias, self.stride, self.padding)


def machine_sounds(n, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.arange(96) / 96
    kind = torch.arange(n) % 4
    f = torch.tensor([5.0, 8.0, 12.0, 5.0])[kind][:, None] + 0.6 * torch.randn(n, 1, generator=g)
    phase = 2 * math.pi * torch.rand(n, 1, generator=g)
    x = torch.sin(2 * math.pi * f * t + phase)
    beat = 1 + torch.sin(2 * math.pi * 20 * t + phase)
    x = torch.where((kind == 3)[:, None], x * beat, x) + 0.5 * torch.randn(n, 96, generator=g)
    return (x / x.std()).unsqueeze(1), kind


def make_model(width=32):
    return nn.Sequential(
        nn.Conv1d(1, width, 9, padding=4), nn.BatchNorm1d(width), nn.Hardtanh(),
        OneBitConv(width, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.Hardtanh(),
        OneBitConv(width, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.Hardtanh(),
        nn.AvgPool1d(4), nn.Flatten(), nn.Linear(width * 6, 4),
    )


@torch.no_grad()
def accuracy(model, x, y):
    model.eval()
    return (model(x).argmax(1) == y).float().mean().item()


torch.manual_seed(27)
train_set = TensorDataset(*machine_sounds(2400, 1))
x_test, y_test = machine_sounds(800, 2)
model = make_model()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
for epoch in range(8):
    model.train()
    total = 0.0
    for x, y in DataLoader(train_set, batch_size=60, shuffle=True):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for m in model:
                if isinstance(m, OneBitConv):
                    m.weight.clamp_(-1, 1)
        total += loss.item()
    schedule.step()
    print(f"epoch {epoch}: loss {total / 40:.4f}, test {accuracy(model, x_test, y_test):.4f}")
print(f"accuracy with one-bit filters: {accuracy(model, x_test, y_test):.4f}")
