"""Bayesian spore classifier by stochastic-gradient Langevin dynamics: noise goes into every step on purpose, and the
predictions of the sampled weights are averaged."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(19)
images, species = load_digits(return_X_y=True)
xa, xb, ya, yb = train_test_split(images, species, test_size=0.3, random_state=19, stratify=species)
mean, std = xa.mean(), xa.std()
x_train, x_test = [torch.tensor((a - mean) / std, dtype=torch.float32) for a in (xa, xb)]
y_train, y_test = torch.tensor(ya), torch.tensor(yb)
N = len(x_train)


class SGLD(torch.optim.Optimizer):
    def __init__(self, params, lr, prior_precision):
        super().__init__(params, dict(lr=lr, prior_precision=prior_precision))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr = group["lr"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                drift = N * p.grad + group["prior_precision"] * p
                p.add_(drift, alpha=-lr / 2)
                p.add_(torch.randn_like(p), alpha=math.sqrt(lr))


model = nn.Sequential(nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
sampler = SGLD(model.parameters(), lr=4e-4, prior_precision=6.0)
EPOCHS, BURN_IN, BATCH = 60, 20, 64
probability_sum, samples = torch.zeros(len(x_test), 10), 0

for epoch in range(EPOCHS):
    sampler.param_groups[0]["lr"] = 4e-4 * (1 + epoch) ** -0.4
    running = 0.0
    for batch in torch.randperm(N).split(BATCH):
        model.zero_grad()
        nll = F.cross_entropy(model(x_train[batch]), y_train[batch])
        nll.backward()
        sampler.step()
        running += nll.item() * len(batch)
    with torch.no_grad():
        probs = model(x_test).softmax(1)
    if epoch >= BURN_IN:
        probability_sum += probs
        samples += 1
    if (epoch + 1) % 10 == 0:
        single = (probs.argmax(1) == y_test).float().mean().item()
        print(f"epoch {epoch + 1:3d}  train nll {running / N:.4f}  one sample: acc {single:.4f} "
              f"nll {F.nll_loss(probs.log(), y_test).item():.4f}")

average = probability_sum / samples
print(f"{samples} samples, averaged nll {F.nll_loss(average.log(), y_test).item():.4f}")
print(f"averaged accuracy {(average.argmax(1) == y_test).float().mean().item():.4f}")
