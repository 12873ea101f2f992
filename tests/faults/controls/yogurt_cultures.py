"""Will the culture set? A 16-block residual net with binarised gates (straight-through) on fermentation readings."""
import torch
from torch import nn
import torch.nn.functional as F


class Step(torch.autograd.Function):
    """Hard 0/1 gate; the gradient passes where the input is within one of the threshold."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.abs() < 1).to(grad.dtype)


class GatedBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, width)
        self.gate = nn.Linear(width, width)
        self.down = nn.Linear(width, width)
        nn.init.zeros_(self.down.weight)      # every block starts as the identity
        nn.init.zeros_(self.down.bias)

    def forward(self, h):
        z = self.norm(h)
        return h + self.down(self.up(z) * Step.apply(self.gate(z)))


class CultureNet(nn.Module):
    def __init__(self, inputs, width=32, depth=16):
        super().__init__()
        self.inlet = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList([GatedBlock(width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.outlet = nn.Linear(width, 1)

    def forward(self, x):
        h = self.inlet(x)
        for block in self.blocks:
            h = block(h)
        return self.outlet(self.norm(h)).squeeze(1)


def ferment(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 7, generator=g)
    ph, temp, fat, age, sugar = x[:, 0], x[:, 1], x[:, 2], x[:, 3], x[:, 4]
    logit = 1.5 - 1.2 * temp ** 2 - 1.5 * ph * torch.sign(temp) + 0.8 * fat - 0.7 * age * sugar
    p = torch.sigmoid(2 * logit)
    return x, (torch.rand(n, generator=g) < p).float(), p


def main():
    torch.manual_seed(81)
    x, y, _ = ferment(10000, 1)
    x_test, y_test, p_test = ferment(2500, 2)
    model = CultureNet(7)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02)
    epochs, batch = 6, 100
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=2e-3, total_steps=epochs * len(x) // batch, pct_start=0.3)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(batch):
            loss = F.binary_cross_entropy_with_logits(model(x[idx]), y[idx])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(idx)
        model.eval()
        with torch.no_grad():
            logit = model(x_test)
        held = F.binary_cross_entropy_with_logits(logit, y_test).item()
        acc = ((logit > 0).float() == y_test).float().mean().item()
        print(f"epoch {epoch + 1} | train {total / len(x):.4f} | test {held:.4f} | accuracy {acc:.4f}")
    bayes = ((p_test > 0.5).float() == y_test).float().mean().item()
    print(f"accuracy of the true probabilities: {bayes:.4f}")
    print(f"cultures judged right: {acc:.4f}")


if __name__ == "__main__":
    main()
