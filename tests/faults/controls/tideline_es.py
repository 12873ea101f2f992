"""Fit a small classifier without back-propagation: antithetic evolution strategies feeding Adam."""
import torch
import torch.nn as nn
from sklearn.datasets import make_moons
from torch.func import functional_call, vmap
from torch.nn.utils import parameters_to_vector


class Shore(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 12)
        self.b = nn.Linear(12, 2)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


def split_vector(model, vec):
    out, at = {}, 0
    for name, p in model.named_parameters():
        out[name] = vec[at:at + p.numel()].view_as(p)
        at += p.numel()
    return out


@torch.no_grad()
def es_gradient(model, x, y, pairs=60, sigma=0.05):
    centre = parameters_to_vector(model.parameters())
    noise = torch.randn(pairs, centre.numel())

    def fitness(vec):
        logits = functional_call(model, split_vector(model, vec), (x,))
        return nn.functional.cross_entropy(logits, y)

    plus = vmap(fitness)(centre + sigma * noise)
    minus = vmap(fitness)(centre - sigma * noise)
    grad = ((plus - minus)[:, None] * noise).mean(0) / (2 * sigma)
    return grad, 0.5 * (plus + minus).mean().item()


def main():
    torch.manual_seed(3)
    X, y = make_moons(1400, noise=0.16, random_state=3)
    X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
    y = torch.tensor(y)
    x_train, y_train, x_test, y_test = X[:1000], y[:1000], X[1000:], y[1000:]
    model = Shore()
    opt = torch.optim.Adam(model.parameters(), lr=0.03)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1200, eta_min=1e-3)
    for step in range(1200):
        rows = torch.randint(0, len(x_train), (200,))
        grad, loss = es_gradient(model, x_train[rows], y_train[rows])
        for (name, p), g in zip(model.named_parameters(), split_vector(model, grad).values()):
            p.grad = g.clone()
        opt.step()
        sched.step()
        if step % 100 == 99:
            with torch.no_grad():
                acc = (model(x_test).argmax(1) == y_test).float().mean().item()
            print(f"step {step + 1:4d}  loss {loss:.4f}  test acc {acc:.4f}")
    print(f"accuracy on the test points {acc:.4f}")


if __name__ == "__main__":
    main()
