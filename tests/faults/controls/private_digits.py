"""Differentially private SGD by hand: per-sample gradients, clipped, summed, with noise."""
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X / 16.0, y, test_size=0.25, random_state=0, stratify=y)
mean = Xa.mean()
Xa, Xb = (torch.tensor(v - mean, dtype=torch.float32) * 3 for v in (Xa, Xb))
ya, yb = torch.tensor(ya), torch.tensor(yb)
model = nn.Sequential(nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 10))
params = {k: v for k, v in model.named_parameters()}
BOUND, SIGMA, LR, BATCH = 1.0, 0.6, 2.0, 128


def sample_loss(p, x, t):
    return nn.functional.cross_entropy(functional_call(model, p, (x.unsqueeze(0),)), t.unsqueeze(0))


per_sample = vmap(grad(sample_loss), in_dims=(None, 0, 0))
opt = torch.optim.SGD(model.parameters(), lr=LR)
for epoch in range(30):
    for idx in torch.randperm(len(Xa)).split(BATCH):
        detached = {k: v.detach() for k, v in params.items()}
        grads = per_sample(detached, Xa[idx], ya[idx])
        norms = sum(g.flatten(1).pow(2).sum(1) for g in grads.values()).sqrt()
        factor = (BOUND / norms).clamp(max=1.0)
        for k, p in params.items():
            g = (grads[k] * factor.view(-1, *[1] * p.ndim)).sum(0)
            p.grad = (g + SIGMA * BOUND * torch.randn_like(g)) / BATCH
        opt.step()
    with torch.no_grad():
        acc = (model(Xb).argmax(1) == yb).float().mean().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} test accuracy {acc:.3f}")
