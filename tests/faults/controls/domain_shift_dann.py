"""Domain-adversarial training (gradient reversal): labelled source lab, unlabelled target lab."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.lam * grad, None


class DANN(nn.Module):
    def __init__(self, d=20, h=48, classes=3):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, 16), nn.ReLU())
        self.label = nn.Linear(16, classes)
        self.domain = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x, lam):
        f = self.features(x)
        return self.label(f), self.domain(GradReverse.apply(f, lam)).squeeze(1)


def lab(n, means, shift, g):
    y = torch.randint(0, 3, (n,), generator=g)
    x = means[y] + torch.randn(n, 20, generator=g)
    return x + shift, y


def main():
    torch.manual_seed(28)
    g = torch.Generator().manual_seed(28)
    means = torch.zeros(3, 20)
    means[:, :8] = 1.1 * torch.randn(3, 8, generator=g)
    shift = torch.zeros(20)
    shift[8:14] = 1.2
    shift[:3] = 0.5
    xs, ys = lab(3000, means, torch.zeros(20), g)
    xt, _ = lab(3000, means, shift, g)
    x_test, y_test = lab(1000, means, shift, g)
    mu, sd = torch.cat([xs, xt]).mean(0), torch.cat([xs, xt]).std(0)
    xs, xt, x_test = (xs - mu) / sd, (xt - mu) / sd, (x_test - mu) / sd

    model = DANN()
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    steps = 900
    for step in range(1, steps + 1):
        lam = 0.3 * min(1.0, step / 400)
        i, j = torch.randint(3000, (64,)), torch.randint(3000, (64,))
        model.train()
        y_src, d_src = model(xs[i], lam)
        _, d_tgt = model(xt[j], lam)
        cls = F.cross_entropy(y_src, ys[i])
        dom = F.binary_cross_entropy_with_logits(torch.cat([d_src, d_tgt]), torch.cat([torch.ones(64), torch.zeros(64)]))
        opt.zero_grad()
        (cls + dom).backward()
        opt.step()
        if step % 100 == 0:
            model.eval()
            with torch.no_grad():
                out = model(x_test, 0.0)[0]
                acc = (out.argmax(1) == y_test).float().mean().item()
            print(f"step {step} class {cls.item():.4f} domain {dom.item():.4f} target-lab loss {F.cross_entropy(out, y_test).item():.4f} accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
